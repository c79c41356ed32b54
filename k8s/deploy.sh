#!/usr/bin/env bash
# Rolls one service out, with kubectl alone: its settings, its migration, then its processes. The others are not touched.
#
#   k8s/deploy.sh OVERLAY SERVICE     for example: k8s/deploy.sh prod coocook
#   k8s/deploy.sh OVERLAY gateway     Kong, with the overlay's kong.rendered.yml
#
# Needs bash 5.1, kubectl (or KUBECTL), and the overlay's kong.rendered.yml, whichever part it rolls out: k8s/README.md.
# What runs is what the overlay says (images: in its kustomization.yaml). A migration that fails ends it before anything is
# replaced; a rollout that does not become ready leaves the old pods serving. Where Argo CD syncs, its waves do the same.
set -euo pipefail

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)); then  # wait -p
  echo "bash 5.1 or newer is needed, this is $BASH_VERSION (macOS: install a newer one, and run it as: bash $0 ...)" >&2
  exit 2
fi
[[ $# -eq 2 && -d "$(dirname "$0")/overlays/$1" ]] || usage
overlay=$1 service=$2
kubectl=${KUBECTL:-kubectl}
namespace=softfactory
name=app.kubernetes.io/name component=app.kubernetes.io/component

rendered=$(dirname "$0")/overlays/$overlay/kong.rendered.yml
if [[ ! -f $rendered ]]; then
  echo "$rendered is missing: render it with platform's keys first, as docs/how-to/deploy-one-service.md says." >&2
  echo "(Rendered without keys, the next rollout of the gateway would let nobody in.)" >&2
  exit 2
fi
manifests=$("$kubectl" kustomize "$(dirname "$0")/overlays/$overlay")
grep -q "^    $name: $service\$" <<<"$manifests" || { echo "there is no service $service in overlay $overlay" >&2; exit 2; }

apply() { "$kubectl" apply --namespace "$namespace" --selector "$1" --filename - <<<"$manifests"; }

step() { printf '%s  %3d s  %s\n' "$(date -u +%H:%M:%S)" "$SECONDS" "$1"; }

# Waits for whichever comes first. A Job that failed is never complete, and would be waited for to the end.
migrated() {
  local job="job/$service-migrate"
  "$kubectl" wait --namespace "$namespace" --for=condition=complete --timeout=600s "$job" &
  local complete=$!
  "$kubectl" wait --namespace "$namespace" --for=condition=failed --timeout=600s "$job" >/dev/null 2>&1 &
  local failed=$!
  local first status=0
  wait -n -p first "$complete" "$failed" || status=$?
  kill "$complete" "$failed" 2>/dev/null || true
  [[ $first == "$complete" && $status -eq 0 ]]
}

step "settings, network and stores of $service"
apply "$name in ($service, settings), $component notin (api, worker, migrate)"

if grep -q "^  name: $service-migrate\$" <<<"$manifests"; then
  step "migration"
  "$kubectl" delete --namespace "$namespace" --ignore-not-found "job/$service-migrate"
  apply "$name=$service, $component=migrate"
  if ! migrated; then
    "$kubectl" logs --namespace "$namespace" "job/$service-migrate" --tail=50 >&2 || true
    echo "the migration failed: nothing was rolled out" >&2
    exit 1
  fi
  step "processes"
  apply "$name=$service, $component in (api, worker)"
fi

deployments=$("$kubectl" get deployments,statefulsets --namespace "$namespace" --selector "$name=$service" --output name)
for deployment in $deployments; do
  "$kubectl" rollout status --namespace "$namespace" --timeout=300s "$deployment" || {
    echo "$deployment does not become ready; the old pods still serve." >&2
    echo "Back to what ran before: $kubectl rollout undo --namespace $namespace $deployment" >&2
    exit 1
  }
done
step "done"
