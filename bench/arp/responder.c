// The least that can be done: blocking reads, no checks beyond the address. Usage: responder IFNAME ADDRESS
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ARP)), size = 8 << 20;
  struct ifreq ifr = {0};
  uint8_t vip[4], frame[64], *mac = (uint8_t *)ifr.ifr_hwaddr.sa_data;
  if (argc != 3 || inet_pton(AF_INET, argv[2], vip) != 1) return 2;
  strncpy(ifr.ifr_name, argv[1], IFNAMSIZ - 1);
  struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = if_nametoindex(argv[1])};
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  if (ioctl(fd, SIOCGIFHWADDR, &ifr) < 0 || bind(fd, (struct sockaddr *)&on, sizeof on) < 0) return 1;
  for (;;) {
    if (recv(fd, frame, sizeof frame, 0) < 42 || frame[21] != 1 || memcmp(frame + 38, vip, 4)) continue;
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, mac, 6);
    frame[21] = 2;
    memcpy(frame + 32, frame + 22, 10);
    memcpy(frame + 22, mac, 6);
    memcpy(frame + 28, vip, 4);
    send(fd, frame, 60, 0);
  }
}
