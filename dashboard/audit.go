package dashboard

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/wire"
)

// maxTarget bounds what a line of the audit log says about its object, in bytes.
const maxTarget = 500

// note writes a line of the audit log.
func (s *Server) note(r *http.Request, tx dbsqlc.DBTX, who *Person, action, target string) error {
	if err := dbsqlc.New().DashboardAuditInsert(r.Context(), tx, &dbsqlc.DashboardAuditInsertParams{
		MerchantID: who.MerchantID, Actor: who.Email, Action: action, Target: target, Address: addressOf(r), CreatedAt: s.Now(),
	}); err != nil {
		return fmt.Errorf("error writing the audit log: %w", err)
	}
	return nil
}

// noted is the REST API as people use it: what they change is in the audit log. The line follows the change, which
// has its own transaction; what the change was stands in the events and the ledger.
func (s *Server) noted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		answered := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answered, r)
		if answered.status >= http.StatusBadRequest {
			return
		}
		person, err := s.Sessions.Person(r)
		if err == nil {
			target := r.Method + " " + r.URL.EscapedPath()
			err = s.note(r, s.DB, person, "api_called", target[:min(len(target), maxTarget)])
		}
		if err != nil {
			s.Logger.LogAttrs(r.Context(), slog.LevelError, "a change is missing in the audit log", slog.String("path", r.URL.Path), slog.Any("error", err))
		}
	})
}

// statusWriter remembers how a request was answered.
type statusWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what the writer can do.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type auditView struct {
	ID        int64     `json:"id"`
	Actor     string    `json:"actor"`
	Action    string    `json:"action"`
	Target    string    `json:"target"`
	Address   string    `json:"address"`
	CreatedAt wire.Time `json:"created_at"`
}

// auditPage is how many lines of the audit log an answer has.
const auditPage = 100

// listAudit answers with the newest lines, or those before the one named by before.
func (s *Server) listAudit(c *call) (any, error) {
	params := &dbsqlc.DashboardAuditListParams{MerchantID: c.person.MerchantID, RowLimit: auditPage}
	if text := c.URL.Query().Get("before"); text != "" {
		before, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fault.On(fault.InvalidParameter, "before", "before must be the id of a line.")
		}
		params.Before = &before
	}
	rows, err := dbsqlc.New().DashboardAuditList(c.Context(), s.DB, params)
	if err != nil {
		return nil, fmt.Errorf("error reading the audit log: %w", err)
	}
	lines := make([]auditView, len(rows))
	for i, row := range rows {
		lines[i] = auditView{row.ID, row.Actor, row.Action, row.Target, row.Address, wire.Time(row.CreatedAt)}
	}
	return lines, nil
}
