#!/bin/bash
# Builds kubeadm, kubelet, kubectl and the control plane of Kubernetes 1.20.2 from Debian 12's source package, the last
# one that has the whole tree with its dependencies. About ten minutes of processor time.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mark=$(stamp kubernetes "${BASH_SOURCE[0]}")
if [[ -e $mark ]]; then exit 0; fi
parts=(kubeadm kubelet kubectl kube-apiserver kube-controller-manager kube-scheduler kube-proxy)

unpack() {
  local work=$cache/source
  if [[ -e $work/unpacked ]]; then return 0; fi
  say "fetches the source of Kubernetes"
  rm -rf "$work" "$cache/go"
  mkdir -p "$work/lists/partial" "$tree"
  cd "$work"
  # The machine's own package sources, with the sources of packages switched on.
  {
    sed 's/^Types: deb$/Types: deb-src/' /etc/apt/sources.list.d/*.sources 2>/dev/null || true
  } >deb-src.sources
  {
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true
  } >deb-src.list
  local list=deb-src.sources
  if [[ ! -s $list ]]; then list=deb-src.list; fi
  local -a apt=(-oDir::Etc::sourcelist="$work/$list" -oDir::Etc::sourceparts=- -oDir::State::Lists="$work/lists" -oAPT::Sandbox::User=root)
  apt-get "${apt[@]}" -qq update
  apt-get "${apt[@]}" -qq --download-only source kubernetes
  tar -xzf kubernetes_1.20.5*.orig.tar.gz -C "$tree" --strip-components=1
  # The vendored reflect2 1.0.1 panics when it is built with Go 1.18 or later; Debian's own 1.0.2 does not.
  apt-get -qq -oAPT::Sandbox::User=root download golang-github-modern-go-reflect2-dev
  dpkg-deb -x golang-github-modern-go-reflect2-dev_*.deb reflect2
  rm -rf "$tree/vendor/github.com/modern-go/reflect2"
  cp -rL reflect2/usr/share/gocode/src/github.com/modern-go/reflect2 "$tree/vendor/github.com/modern-go/reflect2"
  touch unpacked
}

# The one generated file that the source package lacks, and kube-apiserver needs.
generate() {
  local out=pkg/generated/openapi/zz_generated.openapi.go inputs
  if [[ -e $out ]]; then return 0; fi
  say "generates $out"
  go build -o "$cache/bin/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs=$(grep -rl '+k8s:openapi-gen=' --include=*.go pkg cmd plugin staging/src/k8s.io/{api,apimachinery,apiserver,apiextensions-apiserver,kube-aggregator,component-base,client-go,cloud-provider,metrics,kube-controller-manager,kube-proxy,kube-scheduler,kubelet,controller-manager} |
    { grep -v _test.go || true; } | xargs -n1 dirname | sort -u |
    sed -e 's,^staging/src/,k8s.io/kubernetes/vendor/,' -e '/^k8s.io/!s,^,k8s.io/kubernetes/,' | paste -sd,)
  "$cache/bin/openapi-gen" --logtostderr --go-header-file hack/boilerplate/boilerplate.generatego.txt -O zz_generated.openapi \
    --output-package k8s.io/kubernetes/pkg/generated/openapi -i "$inputs" -r "$cache/openapi-violations.txt"
}

compile() {
  local flags='-s -w' place root
  for place in component-base/version client-go/pkg/version; do
    for root in k8s.io/kubernetes/vendor/k8s.io k8s.io; do
      flags+=" -X $root/$place.gitVersion=v$kubernetes -X $root/$place.gitMajor=1 -X $root/$place.gitMinor=20"
      flags+=" -X $root/$place.gitTreeState=archive -X $root/$place.buildDate=2021-01-13T00:00:00Z"
    done
  done
  say "compiles ${parts[*]}"
  go build -ldflags "$flags" -o "$cache/bin/" "${parts[@]/#/./cmd/}"
}

unpack
go_env
cd "$tree"
generate
compile
[[ $("$cache/bin/kubeadm" version -o short) == "v$kubernetes" ]]
touch "$mark"
