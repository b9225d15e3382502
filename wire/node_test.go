package wire_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/wire"
)

// rewriteInNode gives what JSON.stringify(JSON.parse(body)) makes of each body.
// Node is part of what the tests need; without it they fail rather than say nothing.
func rewriteInNode(t *testing.T, bodies [][]byte) [][]byte {
	t.Helper()

	// Base64 both ways, so that no encoding of the pipe is part of the test.
	const script = `
		const bodies = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
		console.log(JSON.stringify(bodies.map((encoded) => {
			const body = decoder.decode(Buffer.from(encoded, 'base64'));
			return Buffer.from(JSON.stringify(JSON.parse(body))).toString('base64');
		})));`
	input, err := json.Marshal(bodies)
	require.NoError(t, err)

	node := exec.CommandContext(t.Context(), "node", "--eval", script)
	node.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	node.Stderr = &stderr
	output, err := node.Output()
	require.NoError(t, err, "running node: %s", &stderr)

	var rewritten [][]byte
	require.NoError(t, json.Unmarshal(output, &rewritten))
	require.Len(t, rewritten, len(bodies))
	return rewritten
}

func TestEncodeIsWhatJavaScriptWrites(t *testing.T) {
	t.Parallel()

	var controls, latin strings.Builder
	for r := range rune(0x20) {
		controls.WriteRune(r)
	}
	for r := rune(0x7f); r <= 0xff; r++ {
		latin.WriteRune(r)
	}
	values := []any{
		wire.Metadata{},
		wire.Metadata{"html": "<script>&amp;</script>", "<>&": "'\"`/"},
		wire.Metadata{"separators": "\u2028\u2029", "\u2028": "", "\u2029": ""},
		wire.Metadata{"emoji": "😀👩‍👩‍👧‍👦🇮🇳", "😀": "e\u0301", "\ufeff": "\ufffd\uffff\U0010ffff"},
		wire.Metadata{"escapes": `\ \\ \" \u2028 \ud800 \n`, `\`: `\`, `\ud800`: `\u0000`},
		wire.Metadata{"10": "c", "2": "b", "1": "a", "01": "", "-1": "", "1.0": "", "1e3": "", "+1": "", " 1": "", "0": "", "-0": "", "": ""},
		wire.Metadata{"4294967295": "", "4294967294": "", "4294967296": "", "9007199254740991": "", "9007199254740992": "", "99999999999999999999": "", "b": ""},
		wire.Metadata{"__proto__": "x", "constructor": "y", "toString": "z", "hasOwnProperty": "", "length": ""},
		wire.Metadata{"empty": "", "": ""},
		wire.Metadata{"controls": controls.String(), controls.String(): "", "\x7f": latin.String()},
		[]int64{0, 1, -1, wire.MaxInteger, -wire.MaxInteger},
		[]any{nil, true, false, "", []string{}, wire.Metadata(nil), []any{[]any{}}},
		map[string]any{"payment": map[string]any{"amount": 1, "metadata": wire.Metadata{"9": "", "10": "", "a": ""}}},
	}

	// And a few thousand drawn from what is awkward, by a fixed seed.
	random := rand.New(rand.NewPCG(1, 2))
	const awkward = "0123456789-\\\"/<>&'ud8 \x00\x07\b\t\n\f\r\x1f\x7f\u0080\u2028\u2029\ufeff\uffff😀aZ_é"
	draw := func(most int) string {
		runes := []rune(awkward)
		drawn := make([]rune, random.IntN(most))
		for i := range drawn {
			drawn[i] = runes[random.IntN(len(runes))]
		}
		return string(drawn)
	}
	for range 3000 {
		metadata := make(wire.Metadata)
		for range random.IntN(12) {
			metadata[draw(12)] = draw(20)
		}
		values = append(values, metadata)
	}

	bodies := make([][]byte, len(values))
	for i, value := range values {
		body, err := wire.Encode(value)
		require.NoError(t, err)
		bodies[i] = body
	}
	for i, rewritten := range rewriteInNode(t, bodies) {
		require.Equal(t, string(bodies[i]), string(rewritten))
	}
}

// What JavaScript would write differently is what Encode refuses: checked in both
// directions, on text that Encode did not make itself.
func TestRawIsRefusedWhereJavaScriptDiffers(t *testing.T) {
	t.Parallel()

	bodies := [][]byte{
		[]byte(`{"a":1,"b":2,"3":3}`),
		[]byte(`{"3":3,"a":1,"b":2}`),
		[]byte(`{"2":1,"1":2}`),
		[]byte(`{"1":1,"1a":1,"2":2}`),
		[]byte(`{"4294967294":1,"4294967295":2}`),
		[]byte(`{"4294967295":1,"4294967294":2}`),
		[]byte(`{"4294967296":1,"4294967295":2}`),
		[]byte(`{"01":1,"00":2}`),
		[]byte(`{"01":1,"0":2}`),
		[]byte(`{"a":{"1":1},"b":[{"2":{"a":[1,2,{}]}},{"1":1}]}`),
		[]byte(`{"a":[{"1":1}],"1":1}`),
		[]byte(`[9007199254740991,-9007199254740991]`),
		[]byte(`[9007199254740993]`),
		[]byte(`[-9007199254740993]`),
		[]byte(`[-0]`),
		[]byte(`[1.0]`),
		[]byte(`[1E2]`),
		[]byte(`{"__proto__":{"__proto__":1}}`),
		[]byte(`{"a":"}","1":1}`),
		[]byte(`{"a\\":"\"{","b":"[1.5]"}`),
	}
	for i, rewritten := range rewriteInNode(t, bodies) {
		body, err := wire.Encode(wire.Raw(bodies[i]))
		if bytes.Equal(bodies[i], rewritten) {
			require.NoError(t, err, "%s", bodies[i])
			require.Equal(t, string(bodies[i]), string(body))
		} else {
			require.Error(t, err, "%s", bodies[i])
		}
	}
}
