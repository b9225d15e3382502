// Package wire is JSON as Paygate speaks it: [Decode] takes requests strictly, so
// that a misspelt or doubled field is an error and never a silent default; [Encode]
// writes answers and webhook bodies exactly as JavaScript would write them again.
//
// The two are one contract: every integer and string that Decode accepts, Encode
// can write. Underneath is github.com/go-json-experiment/json, the design of
// encoding/json/v2, because encoding/json takes duplicate and case-folded names,
// replaces invalid UTF-8 without a word, and escapes <, > and &.
package wire
