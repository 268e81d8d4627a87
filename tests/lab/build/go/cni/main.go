// cni is the lab's network between pods: on each node it writes a configuration for the plug-ins bridge, host-local and
// portmap with the node's own range of pods, and leads the ranges of all others through one VXLAN between the nodes'
// internal addresses. `cni ready` tells whether it has. The name of its node comes in NODE, the MTU of pods in MTU, all pods' range in PODS.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const (
	device  = "lab-vxlan"
	number  = 77
	port    = 8472
	conf    = "/etc/cni/net.d/10-lab.conflist"
	marker  = "/run/ready"
	pattern = `{
  "cniVersion": "0.4.0", "name": "lab",
  "plugins": [
    {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "mtu": %d,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
)

// place is where a node is and what lies behind it.
type place struct {
	address net.IP
	pods    *net.IPNet
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "ready" {
		if _, err := os.Stat(marker); err != nil {
			os.Exit(1)
		}
		return
	}
	nodes, changed := watch()
	mtu, err := strconv.Atoi(os.Getenv("MTU"))
	check(err)
	for range changed {
		if err := sync(nodes, os.Getenv("NODE"), os.Getenv("PODS"), mtu); err != nil {
			log.Println(err)
			time.AfterFunc(2*time.Second, func() { poke(changed) })
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// watch tells of every change of any node.
func watch() (listers.NodeLister, chan struct{}) {
	config, err := rest.InClusterConfig()
	check(err)
	// What was sent to the service before kube-proxy knew it is lost, and would be waited for half a minute.
	config.Dial = (&net.Dialer{Timeout: 2 * time.Second}).DialContext
	client, err := kubernetes.NewForConfig(config)
	check(err)
	changed := make(chan struct{}, 1)
	factory := informers.NewSharedInformerFactory(client, time.Minute)
	informer := factory.Core().V1().Nodes().Informer()
	informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(interface{}) { poke(changed) },
		UpdateFunc: func(interface{}, interface{}) { poke(changed) },
		DeleteFunc: func(interface{}) { poke(changed) },
	})
	factory.Start(context.Background().Done())
	cache.WaitForCacheSync(context.Background().Done(), informer.HasSynced)
	return factory.Core().V1().Nodes().Lister(), changed
}

func poke(changed chan struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

func placeOf(node *core.Node) (place, error) {
	_, pods, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil {
		return place{}, fmt.Errorf("%s has no range of pods yet: %v", node.Name, err)
	}
	for _, address := range node.Status.Addresses {
		if ip := net.ParseIP(address.Address).To4(); address.Type == core.NodeInternalIP && ip != nil {
			return place{ip, pods}, nil
		}
	}
	return place{}, fmt.Errorf("%s has no internal address yet", node.Name)
}

// sync makes this host's device, routes and configuration what the nodes say.
func sync(nodes listers.NodeLister, own, pods string, mtu int) error {
	all, err := nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	here, others := place{}, []place{}
	for _, node := range all {
		found, err := placeOf(node)
		if node.Name != own {
			if err == nil {
				others = append(others, found)
			}
			continue
		}
		if err != nil {
			return err
		}
		here = found
	}
	if here.address == nil {
		return fmt.Errorf("%s is not registered yet", own)
	}
	link, err := vxlan(here, mtu)
	if err != nil {
		return err
	}
	if err := lead(link, others); err != nil {
		return err
	}
	if err := masquerade(pods); err != nil {
		return err
	}
	if err := write(conf, []byte(fmt.Sprintf(pattern, mtu, here.pods))); err != nil {
		return err
	}
	return os.WriteFile(marker, nil, 0o644)
}

// mac of a node's end of the VXLAN: locally administered, made of its address.
func mac(address net.IP) net.HardwareAddr {
	return append(net.HardwareAddr{0x0a, 0x7b}, address.To4()...)
}

func vxlan(here place, mtu int) (netlink.Link, error) {
	if link, err := netlink.LinkByName(device); err == nil {
		if there, ok := link.(*netlink.Vxlan); ok && there.SrcAddr.Equal(here.address) {
			return link, nil
		}
		if err := netlink.LinkDel(link); err != nil {
			return nil, err
		}
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.MTU, attributes.HardwareAddr = device, mtu, mac(here.address)
	link := &netlink.Vxlan{LinkAttrs: attributes, VxlanId: number, Port: port, SrcAddr: here.address, Learning: false}
	if err := netlink.LinkAdd(link); err != nil {
		return nil, fmt.Errorf("add %s: %v", device, err)
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: here.pods.IP, Mask: net.CIDRMask(32, 32)}}
	if err := netlink.AddrReplace(link, address); err != nil {
		return nil, err
	}
	return link, netlink.LinkSetUp(link)
}

// lead sends the pods of others through the device, and what leads to nobody any more nowhere.
func lead(link netlink.Link, others []place) error {
	index, wanted := link.Attrs().Index, map[string]bool{}
	for _, other := range others {
		hardware := mac(other.address)
		entries := []netlink.Neigh{
			{LinkIndex: index, Family: unix.AF_BRIDGE, State: unix.NUD_PERMANENT, Flags: unix.NTF_SELF, IP: other.address, HardwareAddr: hardware},
			{LinkIndex: index, State: unix.NUD_PERMANENT, IP: other.pods.IP, HardwareAddr: hardware},
		}
		for i := range entries {
			if err := netlink.NeighSet(&entries[i]); err != nil {
				return fmt.Errorf("lead to %s: %v", other.address, err)
			}
		}
		route := &netlink.Route{LinkIndex: index, Dst: other.pods, Gw: other.pods.IP, Flags: int(netlink.FLAG_ONLINK)}
		if err := netlink.RouteReplace(route); err != nil {
			return fmt.Errorf("route to %s: %v", other.pods, err)
		}
		wanted[other.pods.String()] = true
	}
	routes, err := netlink.RouteList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for i := range routes {
		if routes[i].Dst != nil && routes[i].Gw != nil && !wanted[routes[i].Dst.String()] {
			if err := netlink.RouteDel(&routes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// masquerade gives what pods send to anybody but pods their node's address.
func masquerade(pods string) error {
	rule := []string{"POSTROUTING", "-s", pods, "!", "-d", pods, "-j", "MASQUERADE"}
	if exec.Command("/usr/sbin/iptables", append([]string{"-w", "-t", "nat", "-C"}, rule...)...).Run() == nil {
		return nil
	}
	out, err := exec.Command("/usr/sbin/iptables", append([]string{"-w", "-t", "nat", "-A"}, rule...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("masquerade: %v: %s", err, out)
	}
	return nil
}

// write replaces the file whole, if it says anything else.
func write(path string, text []byte) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
