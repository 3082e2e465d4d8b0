/**
 * The metallb.io kinds: types, CRD manifests, defaults and validation from one source.
 *
 * @packageDocumentation
 */
export {}
