{% include "lib.sh" %}
cluster={{ cluster }}
socket={{ socket }}
documents={{ documents }}

# Takes out the rules that Kubernetes and its CNIs made, and leaves those of the image.
rules() {
  local tool
  for tool in iptables ip6tables; do
    if ! command -v "$tool-save" >/dev/null; then continue; fi
    "$tool-save" | grep -vE 'KUBE-|CNI-|FLANNEL|cali[-:]|CILIUM|ladybug0' | "$tool-restore" || true
  done
}

# A kubeadm that reads how to reset gives up on an API that is gone sooner than one that takes flags.
reset_kubernetes() {
  if [[ -n $documents && $(kubeadm reset --help 2>/dev/null) == *--config* ]]; then
    write /run/ladybug/reset.yaml 0600 "$documents"
    logged reset 300 kubeadm reset --config /run/ladybug/reset.yaml || later "kubeadm reset failed"
    rm -f /run/ladybug/reset.yaml
  else
    logged reset 300 kubeadm reset -f --cri-socket "$socket" || later "kubeadm reset failed"
  fi
}

main() {
  lock 300
  local there link
  there=$(cat /var/lib/ladybug/cluster 2>/dev/null || true)
  if [[ -n $there && $there != "$cluster" ]]; then die "the host belongs to the cluster $there by now"; fi
  systemctl -q disable --now ladybug-approve.timer 2>/dev/null || true
  if command -v kubeadm >/dev/null; then
    reset_kubernetes
    systemctl -q disable --now kubelet || true
  fi
  rm -rf /etc/cni/net.d/* /var/lib/calico /run/flannel /var/lib/kilo /etc/kubernetes/{audit,encryption,admission} /var/log/kubernetes
  for link in cni0 flannel.1 flannel-wg flannel-v6.1 kilo0 kube-bridge vxlan.calico cilium_vxlan cilium_host kube-ipvs0 tunl0; do
    ip link delete "$link" >/dev/null 2>&1 || true
  done
  rules
  systemctl -q disable --now haproxy 2>/dev/null || true
  systemctl -q disable --now wg-quick@ladybug0 2>/dev/null || true
  rm -f /etc/wireguard/ladybug0.{conf,key} /etc/systemd/system/kubelet.service.d/20-ladybug.conf
  rm -f /etc/systemd/system/ladybug-approve.{service,timer} /usr/local/sbin/ladybug-approve /etc/systemd/system/timers.target.wants/ladybug-approve.timer
  host_name '' ''
  rm -rf /var/lib/ladybug
  systemctl daemon-reload
}
main </dev/null
