installed() {
  [[ $(kubeadm version -o short 2>/dev/null) == "v$version" ]] &&
    [[ $(kubelet --version 2>/dev/null) == "Kubernetes v$version" ]] && has kubectl && has crictl
}

kubernetes() {
  if installed; then
    :
  elif [[ $from_packages == yes ]] && has apt-get; then
    kubernetes_deb
  elif [[ $from_packages == yes ]]; then
    kubernetes_rpm
  else
    kubernetes_binaries
  fi
  kubelet_units
  if ! installed; then die "kubeadm, kubelet, kubectl and crictl are not all there in version $version"; fi
}

kubernetes_deb() {
  local ring=/etc/apt/keyrings/kubernetes.gpg work
  local base=${mirror:-https:/}/pkgs.k8s.io/core:/stable:
  work=$(mktemp -d)
  mkdir -p /etc/apt/keyrings
  # The key inside of an old repository has expired; the newest one signs for all.
  retry 5 curl -fsSL --connect-timeout 20 -o "$work/key" "$base/v1.$packages_minor/deb/Release.key"
  signed_by_kubernetes "$work/key"
  gpg --batch --yes --dearmor -o "$ring" "$work/key"
  chmod 0644 "$ring"
  rm -rf "$work"
  write /etc/apt/sources.list.d/kubernetes.list 0644 "deb [signed-by=$ring] $base/v1.$minor/deb/ /"$'\n'
  retry 5 apt-get -o DPkg::Lock::Timeout=300 -qq update
  apt-mark unhold kubelet kubeadm kubectl >/dev/null 2>&1 || true
  retry 30 apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends --allow-downgrades install \
    "kubelet=$version-*" "kubeadm=$version-*" "kubectl=$version-*" kubernetes-cni cri-tools
  apt-mark hold kubelet kubeadm kubectl >&2
}

signed_by_kubernetes() {
  local prints
  prints=$(gpg --batch --show-keys --with-colons "$1" 2>/dev/null)
  if [[ $prints != *DE15B14486CD377B9E876E1A234654DA9A296436* ]]; then die "the key of pkgs.k8s.io is not Kubernetes' key"; fi
}

kubernetes_rpm() {
  local base=${mirror:-https:/}/pkgs.k8s.io/core:/stable:
  write /etc/yum.repos.d/kubernetes.repo 0644 "[kubernetes]
name=Kubernetes
baseurl=$base/v1.$minor/rpm/
enabled=1
gpgcheck=1
gpgkey=$base/v1.$packages_minor/rpm/repodata/repomd.xml.key
exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni
"
  retry 5 dnf -q -y --disableexcludes=kubernetes install \
    "kubelet-$version" "kubeadm-$version" "kubectl-$version" kubernetes-cni cri-tools
}

kubernetes_binaries() {
  local work name
  work=$(mktemp -d)
  for name in kubeadm kubelet kubectl; do
    fetch "$name" "$work/$name"
    install -m 0755 "$work/$name" "/usr/local/bin/$name"
  done
  if ! has crictl; then
    fetch crictl "$work/crictl.tgz"
    tar -xzf "$work/crictl.tgz" -C /usr/local/bin --no-same-owner crictl
  fi
  rm -rf "$work"
  hash -r
}

kubelet_units() {
  if [[ ! -e /usr/lib/systemd/system/kubelet.service && ! -e /lib/systemd/system/kubelet.service ]]; then
    write /etc/systemd/system/kubelet.service 0644 "${kubelet_unit//@kubelet@/$(command -v kubelet)}"
    write /etc/systemd/system/kubelet.service.d/10-kubeadm.conf 0644 "${kubelet_kubeadm//@kubelet@/$(command -v kubelet)}"
  fi
  write /etc/systemd/system/kubelet.service.d/20-ladybug.conf 0644 "$kubelet_order"
  mkdir -p /etc/kubernetes/manifests
  systemctl daemon-reload
  systemctl -q enable kubelet
}
