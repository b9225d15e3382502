// Package e2e holds tests of the binary as a whole: they build it, and run it as the processes that a
// developer or an operator would start, with signals, crashes and all. The tests that drive a browser are
// in the same folder.
package e2e
