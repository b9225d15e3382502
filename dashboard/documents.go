package dashboard

import (
	"errors"
	"io/fs"

	"paygate/docs"
	"paygate/fault"
)

type documentView struct {
	Slug    string `json:"slug"`
	Section string `json:"section"`
	Title   string `json:"title"`
	Summary string `json:"summary"`
}

type documentList struct {
	Object string         `json:"object"`
	Data   []documentView `json:"data"`
}

func (s *Server) listDocuments(*call) (any, error) {
	all, err := docs.All()
	if err != nil {
		return nil, err
	}
	list := documentList{Object: "list", Data: []documentView{}}
	for _, document := range all {
		list.Data = append(list.Data, documentView(document))
	}
	return list, nil
}

type documentText struct {
	Slug     string `json:"slug"`
	Markdown string `json:"markdown"`
}

func (s *Server) readDocument(c *call) (any, error) {
	slug := c.PathValue("slug")
	text, err := docs.Read(slug)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "There is no document %q.", slug)
	}
	if err != nil {
		return nil, err
	}
	return documentText{Slug: slug, Markdown: text}, nil
}
