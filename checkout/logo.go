package checkout

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// logoPath is where the pictures of merchants are, by their hash.
const logoPath = "/logo/"

// logo serves a merchant's picture. It is what somebody else has sent us, so it is a picture or nothing, whatever a
// browser makes of it.
func (s *Server) logo(c *gin.Context) {
	file, mediaType, err := s.Storefronts.Logo(c.Request.Context(), c.Param("hash"))
	if err != nil {
		refuse(c, err)
		return
	}
	c.Header("Cache-Control", cacheImmutable)
	c.Header("Content-Security-Policy", "default-src 'none'; sandbox")
	c.Data(http.StatusOK, mediaType, file)
}
