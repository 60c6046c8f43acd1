# shellcheck shell=bash
# Checks of skopeo, for interop/clients.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

check_skopeo() {
    check_access skopeo
    check_client skopeo "copy in and out" skopeo_copy
    check_client skopeo "list-tags and inspect" skopeo_inspect
    check_client skopeo "delete" skopeo_delete
}

skopeo_run() {
    client skopeo --insecure-policy "$@"
}

skopeo_login() {
    printf %s "$1" | skopeo_run login ${plain:+--tls-verify=false} "$address" -u "$user" --password-stdin
}

skopeo_push() {
    skopeo_run copy ${plain:+--dest-tls-verify=false} "oci:$image:latest" "docker://$address/skopeo/image:v1"
}

skopeo_copy() {
    skopeo_push
    skopeo_run copy ${plain:+--src-tls-verify=false} "docker://$address/skopeo/image:v1" "oci:$out/skopeo:latest"
    same_files "$image/blobs" "$out/skopeo/blobs"
    pulled_by_us "$address/skopeo/image:v1" "$out/skopeo-ours"
}

skopeo_inspect() {
    skopeo_run list-tags ${plain:+--tls-verify=false} "docker://$address/skopeo/image" | grep '"v1"'
    skopeo_run inspect ${plain:+--tls-verify=false} "docker://$address/skopeo/image:v1" |
        grep --fixed-strings "$(layout_digest "$image")"
}

skopeo_delete() {
    skopeo_run copy ${plain:+--src-tls-verify=false --dest-tls-verify=false} \
        "docker://$address/skopeo/image:v1" "docker://$address/skopeo/deleted:v1"
    skopeo_run delete ${plain:+--tls-verify=false} "docker://$address/skopeo/deleted:v1"
    exits 1 skopeo_run inspect ${plain:+--tls-verify=false} "docker://$address/skopeo/deleted:v1"
}
