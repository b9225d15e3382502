// Package helm holds the chart of deploy/helm to the types of Kubernetes: it renders it with Helm's own engine,
// decodes what comes out without tolerance, and checks what types cannot. It is a module of its own, so that the
// gateway's does not get Kubernetes' dependencies.
package helm
