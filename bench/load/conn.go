package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// answerTimeout is when an answer is given up: longer than any server of ours takes.
const answerTimeout = 40 * time.Second

// conn is one connection that is kept, used by one goroutine.
type conn struct {
	target  Target
	net     net.Conn
	reader  *bufio.Reader
	request []byte
	answer  []byte
}

func (t Target) dial(ctx context.Context) (*conn, error) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	var c net.Conn
	var err error
	if t.TLS {
		c, err = (&tls.Dialer{NetDialer: &dialer}).DialContext(ctx, "tcp", t.Addr)
	} else {
		c, err = dialer.DialContext(ctx, "tcp", t.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("error connecting to %s: %w", t.Addr, err)
	}
	return &conn{target: t, net: c, reader: bufio.NewReaderSize(c, 4<<10)}, nil
}

func (c *conn) close() { _ = c.net.Close() }

// do sends a request and returns the answer's status and body, which is valid until the next call.
// After an error the connection is of no use.
func (c *conn) do(method, path, key string, body []byte) (int, []byte, error) {
	out := c.request[:0]
	out = append(out, method...)
	out = append(out, ' ')
	out = append(out, path...)
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, c.target.Host...)
	out = append(out, "\r\nAuthorization: Bearer "...)
	out = append(out, c.target.Secret...)
	if key != "" {
		out = append(out, "\r\nIdempotency-Key: "...)
		out = append(out, key...)
	}
	if len(body) > 0 {
		out = append(out, "\r\nContent-Type: application/json\r\nContent-Length: "...)
		out = strconv.AppendInt(out, int64(len(body)), 10)
	}
	out = append(out, "\r\n\r\n"...)
	out = append(out, body...)
	c.request = out
	if err := c.net.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, nil, fmt.Errorf("error bounding an exchange: %w", err)
	}
	if _, err := c.net.Write(out); err != nil {
		return 0, nil, fmt.Errorf("error sending a request: %w", err)
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("error reading an answer: %w", err)
	}
	defer response.Body.Close()
	if size := response.ContentLength; size >= 0 {
		if int64(cap(c.answer)) < size {
			c.answer = make([]byte, size)
		}
		c.answer = c.answer[:size]
		_, err = io.ReadFull(response.Body, c.answer)
	} else {
		c.answer, err = io.ReadAll(response.Body)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("error reading an answer's body: %w", err)
	}
	if response.Close {
		return response.StatusCode, c.answer, io.EOF
	}
	return response.StatusCode, c.answer, nil
}
