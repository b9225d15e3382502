package httpapi

import (
	"github.com/gin-gonic/gin"

	"paygate/db/ids"
)

const headerRequestID = "X-Request-Id"

const keyRequestID = "request_id"

// maxRequestID bounds an id that a caller brings along.
const maxRequestID = 128

// withRequestID names the request: the caller's own id when it is fit to be logged, else a new one.
func withRequestID(c *gin.Context) {
	id := c.GetHeader(headerRequestID)
	if !validRequestID(id) {
		id = ids.New(ids.Request)
	}
	c.Set(keyRequestID, id)
	c.Header(headerRequestID, id)
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

func validRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
