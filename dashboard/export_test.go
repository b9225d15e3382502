package dashboard

// Patterns are all the routes of a server, as http.ServeMux takes them.
func Patterns(s *Server) []string { return s.patterns }
