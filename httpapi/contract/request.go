package contract

import (
	"net/http"
	"slices"
)

// requestDepartures tells in what an accepted request departs from what is documented.
// Credentials are left out: the document allows several forms and none.
func (o *operation) requestDepartures(req *http.Request, body []byte, variables map[string]string) []string {
	var found []string
	query := req.URL.Query()
	for _, p := range o.parameters {
		var values []string
		switch p.in {
		case "path":
			values = []string{variables[p.name]}
		case "query":
			values = query[p.name]
		case "header":
			values = req.Header.Values(p.name)
		}
		for _, departure := range p.departures(values) {
			found = append(found, "the "+p.in+" parameter "+departure)
		}
	}
	for name := range query {
		known := slices.ContainsFunc(o.parameters, func(p *parameter) bool { return p.in == "query" && p.name == name })
		if !known {
			found = append(found, "the query parameter "+name+" is not documented")
		}
	}
	slices.Sort(found)
	return append(found, o.bodyDepartures(req.Header, body)...)
}

func (p *parameter) departures(values []string) []string {
	switch {
	case len(values) == 0 && p.required:
		return []string{p.name + " is missing"}
	case len(values) == 0:
		return nil
	case len(values) > 1:
		return []string{p.name + " is given more than once"}
	}
	var found []string
	for _, departure := range p.value.validate(values[0]) {
		found = append(found, p.name+": "+departure)
	}
	return found
}

func (o *operation) bodyDepartures(header http.Header, body []byte) []string {
	switch {
	case len(body) == 0 && o.body != nil && o.body.required:
		return []string{"the request body is missing"}
	case len(body) == 0:
		return nil
	case o.body == nil:
		return []string{"the request has a body, and none is documented"}
	}
	media, err := mediaType(header.Get("Content-Type"))
	if err != nil {
		return []string{"the request's " + err.Error()}
	}
	schema, ok := o.body.content[media]
	if !ok {
		return []string{"the request's Content-Type " + media + " is not documented"}
	}
	value, err := decode(body)
	if err != nil {
		return []string{"the request body " + err.Error()}
	}
	var found []string
	for _, departure := range validate(schema, value) {
		found = append(found, "the request body "+departure)
	}
	return found
}
