// dns is the lab's stand-in for CoreDNS, which is in no Debian package: it answers A questions for the cluster's
// services in the zone cluster.local from the API's own list, and serves /health and /ready where CoreDNS does.
// It forwards nothing, caches nothing, and reads no Corefile.
package main

import (
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/miekg/dns"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
)

const zone = "svc.cluster.local."

type server struct {
	services listers.ServiceLister
}

func main() {
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(client, 10*time.Minute)
	services := factory.Core().V1().Services()
	synced := services.Informer().HasSynced
	factory.Start(make(chan struct{}))
	go serve(":8080", "/health", func() bool { return true })
	go serve(":8181", "/ready", synced)
	handler := server{services.Lister()}
	for _, network := range []string{"udp", "tcp"} {
		go func(network string) {
			log.Fatal((&dns.Server{Addr: ":53", Net: network, Handler: handler}).ListenAndServe())
		}(network)
	}
	select {}
}

func serve(address, path string, fit func() bool) {
	mux := http.NewServeMux()
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if !fit() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("OK"))
	})
	log.Fatal(http.ListenAndServe(address, mux))
}

func (s server) ServeDNS(w dns.ResponseWriter, question *dns.Msg) {
	answer := new(dns.Msg)
	answer.SetReply(question)
	if len(question.Question) != 1 {
		answer.Rcode = dns.RcodeFormatError
		w.WriteMsg(answer)
		return
	}
	asked := question.Question[0]
	name := strings.ToLower(asked.Name)
	if !strings.HasSuffix(name, "."+zone) {
		answer.Rcode = dns.RcodeRefused
		w.WriteMsg(answer)
		return
	}
	answer.Authoritative = true
	ips := s.addresses(strings.Split(strings.TrimSuffix(name, "."+zone), "."))
	if len(ips) == 0 {
		answer.Rcode = dns.RcodeNameError
	}
	for _, ip := range ips {
		if asked.Qtype == dns.TypeA {
			header := dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 5}
			answer.Answer = append(answer.Answer, &dns.A{Hdr: header, A: ip})
		}
	}
	w.WriteMsg(answer)
}

// addresses of SERVICE.NAMESPACE.
func (s server) addresses(parts []string) []net.IP {
	if len(parts) != 2 {
		return nil
	}
	all, err := s.services.Services(parts[1]).List(labels.Everything())
	if err != nil {
		return nil
	}
	for _, service := range all {
		if ip := net.ParseIP(service.Spec.ClusterIP); service.Name == parts[0] && ip != nil {
			return []net.IP{ip}
		}
	}
	return nil
}
