// Package docs holds the documents of this folder, so that the dashboard of an installation shows those of its own version.
package docs

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed *.md
var files embed.FS

// indexFile lists the documents for readers, and for us: sections, order, titles and summaries are told there alone.
const indexFile = "README.md"

// Document is one page.
type Document struct {
	// Slug is its file's name without ".md"; other documents link to it by that.
	Slug string
	// Section of the index that it stands in.
	Section string
	Title   string
	// Summary is one line about what is in it.
	Summary string
}

// entry is a line of the index: "- [Title](slug.md): summary".
var entry = regexp.MustCompile(`^- \[([^\]]+)\]\(([a-z0-9-]+)\.md\): (.+)$`)

// All lists the documents in the order of the index.
func All() ([]Document, error) {
	index, err := files.ReadFile(indexFile)
	if err != nil {
		return nil, fmt.Errorf("error reading the index of the documents: %w", err)
	}
	var all []Document
	section := ""
	for line := range strings.Lines(string(index)) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			section = heading
		}
		if match := entry.FindStringSubmatch(line); match != nil {
			all = append(all, Document{Slug: match[2], Section: section, Title: match[1], Summary: match[3]})
		}
	}
	return all, nil
}

// Read returns the Markdown of a document. An unknown slug gives fs.ErrNotExist.
func Read(slug string) (string, error) {
	if !fs.ValidPath(slug) || strings.Contains(slug, "/") {
		return "", fmt.Errorf("error reading the document %q: %w", slug, fs.ErrNotExist)
	}
	text, err := files.ReadFile(slug + ".md")
	if err != nil {
		return "", fmt.Errorf("error reading the document %q: %w", slug, err)
	}
	return string(text), nil
}
