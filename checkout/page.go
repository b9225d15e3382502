package checkout

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"paygate/db"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/merchants"
	"paygate/processor"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// pageConfig is what the page's script starts from.
type pageConfig struct {
	Key      string      `json:"key"`
	Order    publicOrder `json:"order"`
	Merchant string      `json:"merchant"`
	Banks    []bank      `json:"banks"`
	// ParentOrigin is the page that frames this one, checked against the merchant's origins; empty when
	// the page stands alone.
	ParentOrigin string `json:"parent_origin"`
	// ReturnURL is where a page that stands alone leads to afterwards; checked likewise.
	ReturnURL string `json:"return_url"`
	Locale    string `json:"locale"`
	Accent    string `json:"accent"`
	// Logo is the path of the merchant's picture; empty for none.
	Logo string `json:"logo"`
	// Test says that no real money moves.
	Test bool `json:"test"`
}

type bank struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// pageView is what the templates show.
type pageView struct {
	Config    pageConfig
	Locale    string
	Theme     string
	Title     string
	Embedded  bool
	JS, CSS   string
	ErrorCode fault.Code
	ErrorText string
	// ErrorOrigin is told about the error; it need not be the merchant's, since the error is nobody's.
	ErrorOrigin string
}

var accentPattern = regexp.MustCompile(`^#?[0-9a-fA-F]{6}$`)

// page serves the hosted payment page, framed or standing alone.
func (s *Server) page(c *gin.Context) {
	view := pageView{
		Locale: locale(c), Theme: theme(c), Embedded: c.Query("embedded") != "" && c.Query("embedded") != "0",
		JS: "/assets/" + s.assets.manifest.Files.PageJS, CSS: "/assets/" + s.assets.manifest.Files.PageCSS,
	}
	orderID := c.Param("order")
	if orderID == "" {
		orderID = c.Query("order_id")
	}
	// A page that is told a path of its own has its relative requests where they belong.
	if c.Param("order") == "" && ids.Valid(ids.Order, orderID) {
		query := c.Request.URL.Query()
		query.Del("order_id")
		c.Redirect(http.StatusFound, "/pay/"+orderID+"?"+query.Encode())
		return
	}
	who, err := s.payer(c, c.Query("key"), orderID)
	if err != nil {
		s.errorPage(c, view, err)
		return
	}
	registered, err := s.Storefronts.Origins(c.Request.Context(), who.merchantID)
	if err != nil {
		s.errorPage(c, view, err)
		return
	}
	brand, err := s.Storefronts.Branding(c.Request.Context(), who.merchantID)
	if err != nil {
		s.errorPage(c, view, err)
		return
	}
	allowed := func(origin string) bool {
		return origin != "" && (slices.Contains(registered, origin) || s.AllowLoopback && isLoopback(origin))
	}
	view.Title = brand.Shown()
	view.Config = pageConfig{
		Key: c.Query("key"), Order: showPublicOrder(who.order), Merchant: brand.Shown(), Locale: view.Locale,
		Test: strings.HasPrefix(c.Query("key"), "key_test_"), Accent: c.Query("accent"),
	}
	if brand.LogoHash != "" {
		view.Config.Logo = logoPath + brand.LogoHash
	}
	view.Config.Banks = banks(view.Config.Test)
	if !accentPattern.MatchString(view.Config.Accent) {
		view.Config.Accent = brand.Accent // what the page's caller asks for comes first
	}
	if view.Embedded {
		if view.Config.ParentOrigin = parentOrigin(c); !allowed(view.Config.ParentOrigin) {
			s.errorPage(c, view, fault.On(fault.Forbidden, "origin",
				"This site (%s) is not registered to show the payment page. Add it to the shop's checkout origins.", view.Config.ParentOrigin))
			return
		}
	} else if back := c.Query("return_url"); allowed(originOf(back)) {
		view.Config.ReturnURL = back
	}
	s.render(c, http.StatusOK, "pay.html", view, contentPolicy(s.ancestors(registered, view.Embedded)))
}

// errorPage says why there is nothing to pay. Anybody may frame it: it shows nothing of anybody's, and so
// the shop's developer learns what is wrong instead of looking at a blocked frame.
func (s *Server) errorPage(c *gin.Context, view pageView, err error) {
	public := db.PublicError(err)
	c.Set(keyCode, public.Code)
	status := statusOf(public.Code)
	if status >= http.StatusInternalServerError {
		_ = c.Error(err)
	}
	view.ErrorCode, view.ErrorText, view.Title = public.Code, public.Message, "Paygate"
	view.ErrorOrigin, _ = merchants.ParseOrigin(c.Query("origin"))
	view.JS = "/assets/" + s.assets.manifest.Files.ErrorJS
	s.render(c, status, "error.html", view, contentPolicy("*"))
}

func (s *Server) render(c *gin.Context, status int, name string, view any, policy string) {
	var html bytes.Buffer
	if err := templates.ExecuteTemplate(&html, name, view); err != nil {
		refuse(c, err)
		return
	}
	header := c.Writer.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("Cache-Control", "no-store")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()")
	header.Set("Cross-Origin-Embedder-Policy", "require-corp")
	c.Data(status, "text/html; charset=utf-8", html.Bytes())
}

// contentPolicy allows a page its own files and routes, nothing inline and nothing from elsewhere, and
// to be framed by ancestors alone. Trusted types make the browser refuse to turn text into markup.
func contentPolicy(ancestors string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src 'self'",
		"frame-src 'self'",
		"form-action 'self'",
		"base-uri 'none'",
		"frame-ancestors " + ancestors,
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}

// ancestors is who may frame the payment page, for frame-ancestors.
func (s *Server) ancestors(registered []string, embedded bool) string {
	if !embedded {
		return "'none'"
	}
	sources := slices.Clone(registered)
	if s.AllowLoopback {
		sources = append(sources, loopbackSources...)
	}
	if len(sources) == 0 {
		return "'none'"
	}
	return strings.Join(sources, " ")
}

// loopbackSources is this machine, as far as CSP can say it: its grammar has no IPv6 addresses.
var loopbackSources = []string{"http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*"}

func isLoopback(origin string) bool {
	parsed, err := url.Parse(origin)
	return err == nil && (parsed.Hostname() == "localhost" || parsed.Hostname() == "127.0.0.1")
}

// parentOrigin is the framing page's, as the SDK tells; the browser's Referer stands in for it.
func parentOrigin(c *gin.Context) string {
	if given := c.Query("origin"); given != "" {
		origin, err := merchants.ParseOrigin(given)
		if err != nil {
			return ""
		}
		return origin
	}
	return originOf(c.GetHeader("Referer"))
}

// originOf is the origin of a http(s) URL, empty for anything else.
func originOf(text string) string {
	parsed, err := url.Parse(text)
	if err != nil || parsed.User != nil {
		return ""
	}
	origin, err := merchants.ParseOrigin(parsed.Scheme + "://" + parsed.Host)
	if err != nil {
		return ""
	}
	return origin
}

func hostOf(origin string) string {
	parsed, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return parsed.Host
}

// locale is the page's language: as asked for, else the browser's first that there is.
func locale(c *gin.Context) string {
	wanted := []string{c.Query("locale")}
	for part := range strings.SplitSeq(c.GetHeader("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(part, ";")
		wanted = append(wanted, strings.TrimSpace(tag))
	}
	for _, tag := range wanted {
		switch language, _, _ := strings.Cut(strings.ToLower(tag), "-"); language {
		case "en":
			return "en"
		case "hi":
			return "hi"
		}
	}
	return "en"
}

func theme(c *gin.Context) string {
	if chosen := c.Query("theme"); chosen == "light" || chosen == "dark" {
		return chosen
	}
	return "auto"
}

// banks lists those to choose from; in test mode the simulator's own come first.
func banks(test bool) []bank {
	var list []bank
	if test {
		for _, instrument := range processor.TestInstruments() {
			if instrument.Method == processor.MethodNetbanking {
				list = append(list, bank{instrument.Value, "Test: " + instrument.Description})
			}
		}
	}
	for _, b := range processor.Banks() {
		list = append(list, bank{b.Code, b.Name})
	}
	return list
}
