# shellcheck shell=bash
# Checks of helm, for interop/clients.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

chart_version=1.2.3+build.4 # with what no tag can hold

check_helm() {
    check_client helm "packages a chart" helm_package
    check_access helm
    check_client helm "push and pull" helm_push_and_pull
    check_client helm "show and template" helm_template
    check_client helm "depends on a chart in the registry" helm_dependency
    if [ "$mode" != open ]; then
        check_client helm "logout" helm_logout
    fi
}

# helm_registry COMMAND ARGUMENT...: where a registry is asked.
helm_registry() {
    helm_run "$@" ${plain:+--plain-http}
}

helm_run() {
    client helm "$@"
}

helm_login() {
    printf %s "$1" | helm_registry registry login "$address" --username "$user" --password-stdin
}

helm_package() {
    mkdir -p "$out/example/templates"
    printf 'apiVersion: v2\nname: example\nversion: %s\n' "$chart_version" >"$out/example/Chart.yaml"
    cat >"$out/example/templates/settings.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: { name: "{{ .Release.Name }}-settings" }
data: { greeting: "{{ .Values.greeting }}" }
YAML
    echo 'greeting: hello' >"$out/example/values.yaml"
    helm_run package "$out/example" --destination "$out"
}

helm_push() {
    helm_registry push "$out/example-$chart_version.tgz" "oci://$address/charts"
}

helm_push_and_pull() {
    helm_push
    mkdir "$out/helm"
    helm_registry pull "oci://$address/charts/example" --version "$chart_version" --destination "$out/helm"
    cmp "$out/example-$chart_version.tgz" "$out/helm/example-$chart_version.tgz"
    if [ -n "$plain" ]; then
        ours_reads tags "$address/charts/example" | grep --line-regexp --fixed-strings "${chart_version/+/_}"
    fi
}

# Without a version, the newest tag that is one.
helm_template() {
    helm_registry show chart "oci://$address/charts/example" | grep --fixed-strings "version: $chart_version"
    helm_registry template release "oci://$address/charts/example" --set greeting=welcome >"$out/template.yaml"
    grep release-settings "$out/template.yaml"
    grep welcome "$out/template.yaml"
}

helm_dependency() {
    mkdir "$out/parent"
    cat >"$out/parent/Chart.yaml" <<YAML
apiVersion: v2
name: parent
version: 0.1.0
dependencies: [{ name: example, version: "$chart_version", repository: "oci://$address/charts" }]
YAML
    helm_registry dependency update "$out/parent"
    helm_run template release "$out/parent" | grep release-settings
}

helm_logout() {
    helm_run registry logout "$address"
    refused helm_registry show chart "oci://$address/charts/example" --version "$chart_version"
}
