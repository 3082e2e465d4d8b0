// The one program of the pods of a cluster under test, and the first process of its nodes.
//
//	pod pause   holds a pod's namespaces, or a node's: reaps orphans, ends with SIGTERM
//	pod web     answers HTTP, and UDP datagrams, on $PORT: who answers, and whom; /ready, /unready and /die change what probes see
package main

import (
	"fmt"
	"os"
)

func main() {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "web":
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		pause()
	}
}
