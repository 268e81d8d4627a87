{% include "lib.sh" %}
old={{ old_tokens }}

revoke() {
  local id
  for id in $old; do kubeadm token delete "$id" >/dev/null 2>&1 || true; done
}

# The key is 32 random bytes; kubeadm reads it from a file, not from its arguments.
upload_certificates() {
  local key=$1 document=/run/ladybug/invite.yaml cluster api
  cluster=$(kubectl -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}')
  api=$(sed -n 's/^apiVersion: //p' <<<"$cluster")
  (umask 077 && printf '%s\n---\napiVersion: %s\nkind: InitConfiguration\ncertificateKey: "%s"\n' "$cluster" "$api" "$key" >"$document")
  logged upload-certs 120 kubeadm init phase upload-certs --upload-certs --config "$document" ||
    { rm -f "$document" /var/log/ladybug/upload-certs.log; later "the certificates cannot be uploaded"; }
  rm -f "$document" /var/log/ladybug/upload-certs.log
}

main() {
  lock 180
  local key token
  key=$(od -An -vtx1 -N32 /dev/urandom | tr -d ' \n')
  upload_certificates "$key"
  revoke
  token=$(kubeadm token create --ttl 1h0m0s --description 'ladybug bootstrap token' 2>/run/ladybug/invite.err) ||
    later "no token can be made: $(cat /run/ladybug/invite.err)"
  printf '%s\n%s\n' "$token" "$key"
}
main </dev/null
