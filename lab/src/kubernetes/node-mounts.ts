/**
 * The shell script that makes a mount namespace a node's: run inside of it, as root. All of it is gone with the
 * namespace.
 *
 * @param directory - The node's own.
 */
export function nodeMountScript(name: string, directory: string): string {
  const groups = `${directory}/control-groups`
  const library = `${directory}/var-lib`
  return `set -e
hostname ${name}
mount --make-rshared /
# A view of this network namespace's interfaces, with the control groups put back below it.
mkdir -p ${groups} ${library}/upper ${library}/work
mount --rbind /sys/fs/cgroup ${groups}
mount -t sysfs sysfs /sys
mount --rbind ${groups} /sys/fs/cgroup
# Sockets of containerd's shims and results of CNI plug-ins are in fixed places.
mkdir -p /run/containerd
mount -t tmpfs tmpfs /run/netns
mount -t tmpfs tmpfs /run/containerd
mount -t tmpfs tmpfs /var/log
mount -t overlay overlay -o lowerdir=/var/lib,upperdir=${library}/upper,workdir=${library}/work /var/lib
mkdir -p /var/lib/kubelet /var/log/pods /var/log/containers
`
}
