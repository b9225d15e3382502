package dashboard

import (
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/fault"
	"paygate/merchants"
)

func (s *Server) setBranding(c *call) (any, error) {
	var req struct {
		DisplayName *string `json:"display_name"`
		Accent      *string `json:"accent"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	return nil, db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if err := s.Storefronts.In(tx).SetBranding(c.Context(), c.person.MerchantID, orEmpty(req.DisplayName), orEmpty(req.Accent)); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "branding_changed", orEmpty(req.DisplayName)+" "+orEmpty(req.Accent))
	})
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// readLogo serves the picture to the dashboard's own pages.
func (s *Server) readLogo(w http.ResponseWriter, r *http.Request) {
	person, err := s.Sessions.Person(r)
	var file []byte
	var mediaType string
	if err == nil {
		var brand *merchants.Branding
		if brand, err = s.Storefronts.Branding(r.Context(), person.MerchantID); err == nil {
			file, mediaType, err = s.Storefronts.Logo(r.Context(), brand.LogoHash)
		}
	}
	if err != nil {
		s.failed(r, err)
		refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(file) //nolint:gosec // a checked picture under a policy that runs nothing; who asked is gone, or has it
}

// setLogo takes the file itself as the body. A form of another site cannot send its media type without being asked first.
func (s *Server) setLogo(c *call) (any, error) {
	if mediaType, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err != nil || mediaType != "image/png" && mediaType != "image/jpeg" {
		return nil, fault.On(fault.UnsupportedMediaType, "Content-Type", "A logo is sent as image/png or image/jpeg.")
	}
	file, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, merchants.MaxLogo))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, fault.On(fault.BodyTooLarge, "logo", "A logo has at most %d KiB.", merchants.MaxLogo>>10)
	}
	if err != nil {
		return nil, fault.New(fault.MalformedJSON, "The file ended before it was complete.").Because(err)
	}
	return nil, s.changeLogo(c, file, "set")
}

func (s *Server) removeLogo(c *call) (any, error) { return nil, s.changeLogo(c, nil, "removed") }

func (s *Server) changeLogo(c *call, file []byte, what string) error {
	return db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if err := s.Storefronts.In(tx).SetLogo(c.Context(), c.person.MerchantID, file); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "logo_changed", what)
	})
}
