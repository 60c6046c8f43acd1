# shellcheck shell=bash
# Checks of crane, for interop/clients.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

check_crane() {
    check_access crane
    check_client crane "push and pull" crane_push_and_pull
    check_client crane "validate" crane_run validate --remote "$address/crane/image:v1"
    check_client crane "copy to another repository" crane_copy
    check_client crane "ls" crane_list
    check_client crane "catalog" crane_catalog
    check_client crane "append" crane_append
    check_client crane "delete by tag and by digest" crane_delete
}

crane_run() {
    client crane ${plain:+--insecure} "$@"
}

crane_login() {
    printf %s "$1" | crane_run auth login "$address" -u "$user" --password-stdin
}

crane_push() {
    crane_run push "$image" "$address/crane/image:v1"
}

crane_push_and_pull() {
    crane_push
    equal "$(layout_digest "$image")" "$(crane_run digest "$address/crane/image:v1")"
    crane_run pull --format oci "$address/crane/image:v1" "$out/crane"
    same_files "$image/blobs" "$out/crane/blobs"
    pulled_by_us "$address/crane/image:v1" "$out/crane-ours"
}

crane_copy() {
    crane_run copy "$address/crane/image:v1" "$address/crane/copied:v2"
    equal "$(layout_digest "$image")" "$(crane_run digest "$address/crane/copied:v2")"
}

crane_list() {
    crane_run tag "$address/crane/image:v1" v2
    equal "$(printf 'v1\nv2')" "$(crane_run ls "$address/crane/image" | sort)"
}

crane_catalog() {
    crane_run catalog "$address" | grep --line-regexp crane/image
}

crane_append() {
    tar --create --file "$out/layer.tar" --directory "$files" one five
    crane_run append --base "$address/crane/image:v1" --new_layer "$out/layer.tar" \
        --new_tag "$address/crane/image:appended"
    crane_run validate --remote "$address/crane/image:appended"
}

crane_delete() {
    local digest
    digest=$(layout_digest "$image")
    crane_run copy "$address/crane/image:v1" "$address/crane/deleted:v1"
    crane_run delete "$address/crane/deleted:v1"
    exits 1 crane_run digest "$address/crane/deleted:v1"
    equal "$digest" "$(crane_run digest "$address/crane/deleted@$digest")"
    crane_run delete "$address/crane/deleted@$digest"
    exits 1 crane_run manifest "$address/crane/deleted@$digest"
}
