package wire_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/wire"
)

func TestMetadataValidate(t *testing.T) {
	t.Parallel()

	keys := func(n int) wire.Metadata {
		m := make(wire.Metadata, n)
		for i := range n {
			m["k"+strconv.Itoa(i)] = ""
		}
		return m
	}
	long := func(n int) string { return strings.Repeat("😀", n) }

	for name, test := range map[string]struct {
		metadata wire.Metadata
		param    string // of the error; empty when there is none
		message  string
	}{
		"Nil":        {nil, "", ""},
		"Most":       {keys(50), "", ""},
		"Longest":    {wire.Metadata{long(64): long(512)}, "", ""},
		"TooMany":    {keys(51), "metadata", "metadata holds 51 keys; at most 50 are kept."},
		"EmptyKey":   {wire.Metadata{"": ""}, "metadata.", "A key of metadata has 0 characters; it must have between 1 and 64."},
		"LongKey":    {wire.Metadata{long(65): ""}, "metadata." + long(65), "A key of metadata has 65 characters"},
		"LongValue":  {wire.Metadata{"k": long(513)}, "metadata.k", "metadata.k has 513 characters; at most 512 are kept."},
		"FirstOfTwo": {wire.Metadata{"b": long(513), "a": long(600)}, "metadata.a", "metadata.a has 600 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := test.metadata.Validate("metadata")
			if test.param == "" {
				require.NoError(t, err)
				return
			}
			refusal := fault.From(err)
			require.Equal(t, fault.InvalidValue, refusal.Code)
			require.Equal(t, test.param, refusal.Param)
			require.Contains(t, refusal.Message, test.message)
		})
	}
}
