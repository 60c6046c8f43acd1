# shellcheck shell=bash
# Checks of buildah, for interop/clients.
# shellcheck disable=SC2154 # what interop/clients and lib.sh set

check_buildah() {
    check_client buildah "reads an image" buildah_import
    check_access buildah
    check_client buildah "push and pull" buildah_push_and_pull
    check_client buildah "build on what was pulled" buildah_build
}

# With a storage of its own, of plain folders: it needs nothing of the kernel.
buildah_run() {
    client buildah --storage-driver vfs --root "$out/buildah/root" --runroot "$out/buildah/run" "$@"
}

buildah_login() {
    printf %s "$1" | buildah_run login ${plain:+--tls-verify=false} -u "$user" --password-stdin "$address"
}

# The image gets the name of the folder, which may have no capital letters.
buildah_import() {
    make_image "$out/small" 3 5000
    cd "$out" || return
    buildah_run pull --quiet oci:small:latest >"$out/buildah-image"
}

buildah_push() {
    buildah_run push ${plain:+--tls-verify=false} "$(cat "$out/buildah-image")" "docker://$address/buildah/image:v1"
}

# The name of an image there is the digest of its configuration, which names the digests of the layers.
buildah_push_and_pull() {
    local id
    id=$(cat "$out/buildah-image")
    buildah_push
    buildah_run rmi "$id"
    equal "$id" "$(buildah_run pull --quiet ${plain:+--tls-verify=false} "docker://$address/buildah/image:v1")"
}

buildah_build() {
    local container folder
    container=$(buildah_run from --pull-always ${plain:+--tls-verify=false} "docker://$address/buildah/image:v1")
    buildah_run copy "$container" "$files/one" /one
    buildah_run commit --rm ${plain:+--tls-verify=false} "$container" "docker://$address/buildah/image:v2"
    container=$(buildah_run from --pull-always ${plain:+--tls-verify=false} "docker://$address/buildah/image:v2")
    folder=$(buildah_run mount "$container")
    cmp "$files/one" "$folder/one"
    buildah_run rm "$container"
}
