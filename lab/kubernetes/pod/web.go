package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// What a request is answered with.
type answer struct {
	Pod    string `json:"pod"`
	Node   string `json:"node"`
	Client string `json:"client"`
	Server string `json:"server"`
	User   int    `json:"user"`
}

func serve() error {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	server := &http.Server{Addr: ":" + port, Handler: routes(), ReadHeaderTimeout: 10 * time.Second}
	packets, err := net.ListenPacket("udp", ":"+port)
	if err != nil {
		return err
	}
	go serveDatagrams(packets)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-ended
		// Requests that are under way are answered: a pod that is being moved loses none.
		deadline, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(deadline)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// Each datagram is answered as a request is.
func serveDatagrams(packets net.PacketConn) {
	pod, _ := os.Hostname()
	buffer := make([]byte, 1500)
	for {
		_, client, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		said, _ := json.Marshal(answer{
			Pod: pod, Node: os.Getenv("NODE_NAME"), Client: client.String(), User: os.Getuid(),
		})
		_, _ = packets.WriteTo(said, client)
	}
}

func routes() http.Handler {
	var isUnready, isDead atomic.Bool
	pod, _ := os.Hostname()
	mux := http.NewServeMux()
	probe := func(path string, isBad *atomic.Bool) {
		mux.HandleFunc(path, func(response http.ResponseWriter, _ *http.Request) {
			if isBad.Load() {
				response.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	}
	set := func(path string, flag *atomic.Bool, value bool) {
		mux.HandleFunc(path, func(http.ResponseWriter, *http.Request) { flag.Store(value) })
	}
	probe("/healthz", &isDead)
	probe("/readyz", &isUnready)
	set("/ready", &isUnready, false)
	set("/unready", &isUnready, true)
	set("/die", &isDead, true)
	mux.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		server, _ := request.Context().Value(http.LocalAddrContextKey).(net.Addr)
		said := answer{
			Pod: pod, Node: os.Getenv("NODE_NAME"), Client: request.RemoteAddr, User: os.Getuid(),
		}
		if server != nil {
			said.Server = server.String()
		}
		// One request a connection: what balances connections can then be seen to balance requests.
		response.Header().Set("Connection", "close")
		response.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(response).Encode(said)
	})
	return mux
}
