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
  local ring=/etc/apt/keyrings/kubernetes.gpg work base=${mirror:-https:/}/pkgs.k8s.io/core:/stable:
  work=$(mktemp -d)
  mkdir -p "${ring%/*}"
  repository_key "$base/v1.$packages_minor/deb/Release.key" "$work/key"
  GNUPGHOME=$work gpg --batch --yes --dearmor -o "$ring" "$work/key"
  chmod 0644 "$ring"
  rm -rf "$work"
  write /etc/apt/sources.list.d/kubernetes.list 0644 "deb [signed-by=$ring] $base/v1.$minor/deb/ /"$'\n'
  retry 5 apt-get -o DPkg::Lock::Timeout=300 -qq update
  retry 30 apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends --allow-downgrades --allow-change-held-packages \
    install "kubelet=$version-*" "kubeadm=$version-*" "kubectl=$version-*" kubernetes-cni cri-tools
}

# repository_key URL PATH: the key inside of an old repository has expired; the newest one signs for all. It must be the only
# one in the file, as every one there would be believed.
repository_key() {
  local found
  retry 5 curl -fsSL --connect-timeout 20 -o "$2" "$1"
  # `--show-keys` came after Ubuntu 18.04.
  found=$(GNUPGHOME=${2%/*} gpg --batch --with-colons --import-options show-only --import "$2" 2>/dev/null |
    awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }') || found=
  if [[ $found != DE15B14486CD377B9E876E1A234654DA9A296436 ]]; then die "the key of pkgs.k8s.io is not Kubernetes' key, or not alone"; fi
}

kubernetes_rpm() {
  local ring=/etc/pki/rpm-gpg/kubernetes work base=${mirror:-https:/}/pkgs.k8s.io/core:/stable:
  work=$(mktemp -d)
  repository_key "$base/v1.$packages_minor/rpm/repodata/repomd.xml.key" "$work/key"
  mkdir -p "${ring%/*}"
  install -m 0644 "$work/key" "$ring"
  rm -rf "$work"
  # What is excluded here is held: only this script installs it.
  write /etc/yum.repos.d/kubernetes.repo 0644 "[kubernetes]
name=Kubernetes
baseurl=$base/v1.$minor/rpm/
enabled=1
gpgcheck=1
gpgkey=file://$ring
exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni
"
  retry 5 dnf -q -y --disableexcludes=kubernetes install \
    "kubelet-$version" "kubeadm-$version" "kubectl-$version" kubernetes-cni cri-tools
}

# An upgrade of the system leaves alone what must fit together.
hold() {
  local name
  local -a names=()
  if ! has apt-mark; then return 0; fi
  for name in kubelet kubeadm kubectl kubernetes-cni cri-tools containerd containerd.io runc; do
    if is_deb "$name"; then names+=("$name"); fi
  done
  if [[ -n ${names[*]-} ]]; then apt-mark hold "${names[@]}" >&2; fi
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
