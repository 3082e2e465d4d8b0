// Asks for one IPv4 address by ARP and measures the answers.
//   generator IFNAME TARGET latency COUNT GAP_US   one request after the other: prints "p50_us p99_us answered"
//   generator IFNAME TARGET rate PER_SECOND SECONDS   whether or not there are answers: prints "sent answered"
// Each request comes from a sender address of its own, so that every answer is known to be the answer to one request.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SENDER 0x0b000000u
#define TIMEOUT_NS 200000000ll
#define BURSTS_PER_SECOND 5000

struct __attribute__((packed)) arp_frame {
  struct ether_header ethernet;
  struct ether_arp arp;
  uint8_t padding[18];
};

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int open_socket(const char *ifname, struct arp_frame *request) {
  int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ARP));
  struct ifreq ifr = {0};
  strncpy(ifr.ifr_name, ifname, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &ifr) < 0) perror(ifname), exit(1);
  memset(request->ethernet.ether_dhost, 0xff, 6);
  memcpy(request->ethernet.ether_shost, ifr.ifr_hwaddr.sa_data, 6);
  memcpy(request->arp.arp_sha, ifr.ifr_hwaddr.sa_data, 6);
  int one = 1, size = 64 << 20;
  setsockopt(fd, SOL_PACKET, 23 /* PACKET_IGNORE_OUTGOING */, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = if_nametoindex(ifname)};
  if (bind(fd, (struct sockaddr *)&to, sizeof to) < 0) perror("bind"), exit(1);
  return fd;
}

// Number of the request that an answer is for; -1: nothing there, -2: something else.
static int64_t receive(int fd, const struct arp_frame *request) {
  struct arp_frame in;
  ssize_t length = recv(fd, &in, sizeof in, MSG_DONTWAIT);
  if (length < 0) return -1;
  if (length < 42 || ntohs(in.arp.arp_op) != 2 || memcmp(in.arp.arp_spa, request->arp.arp_tpa, 4)) return -2;
  uint32_t to;
  memcpy(&to, in.arp.arp_tpa, 4);
  return (int64_t)ntohl(to) - FIRST_SENDER;
}

static void send_request(int fd, struct arp_frame *request, uint32_t number) {
  uint32_t from = htonl(FIRST_SENDER + number);
  memcpy(request->arp.arp_spa, &from, 4);
  send(fd, request, 60, 0);
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void measure_latency(int fd, struct arp_frame *request, int count, int gap_us) {
  int64_t *times = calloc(count, sizeof *times);
  int answered = 0;
  for (int i = 0; i < count; i++) {
    int64_t start = now_ns(), got;
    send_request(fd, request, i);
    while ((got = receive(fd, request)) != i && now_ns() - start < TIMEOUT_NS) {}
    if (got == i) times[answered++] = now_ns() - start;
    usleep(gap_us);
  }
  qsort(times, answered, sizeof *times, compare);
  if (answered == 0) printf("0 0 0\n");
  else printf("%.1f %.1f %d\n", times[answered / 2] / 1e3, times[(int)(answered * 0.99)] / 1e3, answered);
}

static void measure_rate(int fd, struct arp_frame *request, int per_second, int seconds) {
  int total = per_second * seconds, burst = per_second / BURSTS_PER_SECOND, sent = 0, answered = 0;
  uint8_t *seen = calloc(total, 1);
  int64_t start = now_ns();
  while (sent < total || now_ns() - start < (seconds + 1) * 1000000000ll) {
    int64_t due = (now_ns() - start) / (1000000000ll / BURSTS_PER_SECOND) * burst;
    for (; sent < total && sent < due; sent++) send_request(fd, request, sent);
    for (int64_t got; (got = receive(fd, request)) != -1;)
      if (got >= 0 && got < total && !seen[got]) seen[got] = 1, answered++;
  }
  printf("%d %d\n", sent, answered);
}

int main(int argc, char **argv) {
  struct arp_frame request = {.ethernet.ether_type = htons(ETH_P_ARP),
                              .arp.ea_hdr = {htons(1), htons(ETH_P_IP), 6, 4, htons(1)}};
  if (argc != 6 || inet_pton(AF_INET, argv[2], request.arp.arp_tpa) != 1) return 2;
  int fd = open_socket(argv[1], &request);
  if (strcmp(argv[3], "latency") == 0) measure_latency(fd, &request, atoi(argv[4]), atoi(argv[5]));
  else measure_rate(fd, &request, atoi(argv[4]), atoi(argv[5]));
  return 0;
}
