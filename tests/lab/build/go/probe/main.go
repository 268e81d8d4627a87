// probe serve: says its host name over HTTP. probe get URL...: prints what each answers, one a line.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "get" {
		os.Exit(get(os.Args[2:]))
	}
	name, _ := os.Hostname()
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
		os.Exit(0)
	}()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name) })
	if err := http.ListenAndServe(":8080", handler); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// get asks all at once, so that one that does not answer delays nobody.
func get(urls []string) int {
	answers := make([]chan string, len(urls))
	client := http.Client{Timeout: 5 * time.Second}
	for i, url := range urls {
		answers[i] = make(chan string, 1)
		go func(url string, answer chan string) {
			response, err := client.Get(url)
			if err != nil {
				answer <- "error " + err.Error()
				return
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			answer <- string(body)
		}(url, answers[i])
	}
	for i, url := range urls {
		fmt.Println(url, <-answers[i])
	}
	return 0
}
