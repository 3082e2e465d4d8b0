// A stream of numbered UDP packets to many addresses, and who sends them back.
//
//   udp-stream echo PORT NODE                     sends back what comes, with the number of this node in it
//   udp-stream send PORT PACKETS-A-SECOND ADDRESS…  so many to each address, until standard input ends
//
// The sender takes commands on standard input, a line each, and answers with a line of JSON:
//   state    who answered each address last, and when
//   report   since the last report: what was sent, lost, answered twice, each gap, each change of who answers
//
// Times are milliseconds of CLOCK_MONOTONIC. A gap is from the sending of the last packet that was answered before it to
// the sending of the first one that was answered after it. Both programs ask for a real-time priority: it is the nodes
// that are measured, and not whether this process had its turn. Where they may not have it, they go without.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_ADDRESSES 256
#define BATCH 64
#define TICK_NS 1000000L
#define REMEMBERED_SECONDS 180
// What was sent so lately may still be answered: it is left to the next report.
#define LINGER_NS 300000000L

struct packet {
	uint32_t address;
	uint32_t sequence;
	uint32_t node;
};

struct fate {
	int64_t sent_ns;
	uint8_t node;
	uint8_t answers;
};

struct target {
	struct sockaddr_in to;
	const char *text;
	struct fate *fates; // by sequence number, modulo capacity
	_Atomic uint32_t next;
	uint32_t reported; // the first that the next report is about
	uint32_t last_node;
	int64_t last_answer_ns;
};

static struct target targets[MAX_ADDRESSES];
static uint32_t target_count, capacity, rate;
static int sock;

static int64_t now_ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void die(const char *what) {
	perror(what);
	exit(1);
}

static int open_socket(uint16_t port) {
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0) die("socket");
	int bytes = 8 << 20;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
	if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0) die("bind");
	return fd;
}

static void hurry(void) {
	struct sched_param priority = {.sched_priority = 10};
	sched_setscheduler(0, SCHED_FIFO, &priority);
}

static void echo(uint16_t port, uint32_t node) {
	int fd = open_socket(port);
	struct packet packets[BATCH];
	struct sockaddr_in from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	hurry();
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){&packets[i], sizeof packets[i]};
			messages[i] = (struct mmsghdr){
				.msg_hdr = {.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1}};
		}
		int count = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
		if (count < 0 && errno != EINTR) continue;
		for (int i = 0; i < count; i++) packets[i].node = htonl(node);
		for (int done = 0; done < count;) {
			int sent = sendmmsg(fd, messages + done, count - done, 0);
			// One that cannot be sent is one that is lost.
			done += sent > 0 ? sent : 1;
		}
	}
}

static void flush_batch(struct mmsghdr *messages, int count) {
	for (int done = 0; done < count;) {
		int sent = sendmmsg(sock, messages + done, count - done, 0);
		done += sent > 0 ? sent : 1;
	}
}

static void *send_all(void *unused) {
	struct packet packets[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	uint64_t total = 0, per_second = (uint64_t)rate * target_count;
	int64_t started = now_ns();
	(void)unused;
	for (int64_t tick = 1;; tick++) {
		int64_t due_ns = started + tick * TICK_NS;
		struct timespec until = {due_ns / 1000000000L, due_ns % 1000000000L};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		int count = 0;
		for (uint64_t due = tick * per_second / 1000; total < due; total++) {
			struct target *target = &targets[total % target_count];
			uint32_t sequence = atomic_load_explicit(&target->next, memory_order_relaxed);
			target->fates[sequence % capacity] = (struct fate){now_ns(), 0, 0};
			packets[count] = (struct packet){htonl(total % target_count), htonl(sequence), 0};
			parts[count] = (struct iovec){&packets[count], sizeof packets[count]};
			messages[count] = (struct mmsghdr){.msg_hdr = {.msg_name = &target->to,
				.msg_namelen = sizeof target->to, .msg_iov = &parts[count], .msg_iovlen = 1}};
			atomic_store_explicit(&target->next, sequence + 1, memory_order_release);
			if (++count == BATCH) {
				flush_batch(messages, count);
				count = 0;
			}
		}
		flush_batch(messages, count);
	}
	return NULL;
}

static void receive(void) {
	struct packet packets[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){&packets[i], sizeof packets[i]};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
	}
	int count = recvmmsg(sock, messages, BATCH, MSG_DONTWAIT, NULL);
	int64_t received_ns = now_ns();
	for (int i = 0; i < count; i++) {
		uint32_t index = ntohl(packets[i].address), sequence = ntohl(packets[i].sequence);
		if (messages[i].msg_len != sizeof packets[i] || index >= target_count) continue;
		struct target *target = &targets[index];
		uint32_t next = atomic_load_explicit(&target->next, memory_order_acquire);
		if (next - sequence > capacity || sequence < target->reported) continue;
		struct fate *fate = &target->fates[sequence % capacity];
		fate->node = (uint8_t)ntohl(packets[i].node);
		if (fate->answers < 255) fate->answers++;
		target->last_node = fate->node;
		target->last_answer_ns = received_ns;
	}
}

static double ms(int64_t ns) { return ns / 1e6; }

static void state(void) {
	printf("{\"type\":\"state\",\"nowMs\":%.3f,\"addresses\":[", ms(now_ns()));
	for (uint32_t i = 0; i < target_count; i++) {
		struct target *target = &targets[i];
		printf("%s{\"address\":\"%s\",\"node\":%u,\"answeredAtMs\":%.3f}", i == 0 ? "" : ",", target->text,
			target->last_node, ms(target->last_answer_ns));
	}
	printf("]}\n");
}

static void report_target(struct target *target, int64_t until_ns) {
	uint32_t next = atomic_load_explicit(&target->next, memory_order_acquire);
	uint32_t first = next - target->reported > capacity ? next - capacity : target->reported;
	uint32_t end = first;
	while (end < next && target->fates[end % capacity].sent_ns <= until_ns) end++;
	uint32_t received = 0, duplicates = 0, node = 0;
	printf("{\"address\":\"%s\",\"sent\":%u,\"moves\":[", target->text, end - first);
	const char *comma = "";
	for (uint32_t i = first; i < end; i++) {
		struct fate *fate = &target->fates[i % capacity];
		if (fate->answers == 0) continue;
		received++;
		duplicates += fate->answers - 1;
		if (node != 0 && fate->node != node) {
			printf("%s{\"atMs\":%.3f,\"from\":%u,\"to\":%u}", comma, ms(fate->sent_ns), node, fate->node);
			comma = ",";
		}
		node = fate->node;
	}
	printf("],\"received\":%u,\"duplicates\":%u,\"gaps\":[", received, duplicates);
	comma = "";
	uint32_t lost = 0;
	int64_t answered_ns = target->fates[first % capacity].sent_ns;
	for (uint32_t i = first; i <= end; i++) {
		struct fate *fate = &target->fates[i % capacity];
		int is_end = i == end;
		if (!is_end && fate->answers == 0) {
			lost++;
			continue;
		}
		if (lost > 0) {
			int64_t to_ns = is_end ? until_ns : fate->sent_ns;
			printf("%s{\"fromMs\":%.3f,\"toMs\":%.3f,\"lost\":%u,\"isOver\":%s}", comma, ms(answered_ns), ms(to_ns), lost,
				is_end ? "false" : "true");
			comma = ",";
		}
		lost = 0;
		if (!is_end) answered_ns = fate->sent_ns;
	}
	printf("]}");
	target->reported = end;
}

static void report(void) {
	int64_t until_ns = now_ns() - LINGER_NS;
	printf("{\"type\":\"report\",\"addresses\":[");
	for (uint32_t i = 0; i < target_count; i++) {
		if (i > 0) printf(",");
		report_target(&targets[i], until_ns);
	}
	printf("]}\n");
}

static void command(const char *line) {
	if (strncmp(line, "state", 5) == 0) state();
	else if (strncmp(line, "report", 6) == 0) report();
	fflush(stdout);
}

static void stream(uint16_t port, int count, char **addresses) {
	if (count < 1 || count > MAX_ADDRESSES || rate < 1) exit(2);
	target_count = count;
	capacity = rate * REMEMBERED_SECONDS;
	for (int i = 0; i < count; i++) {
		targets[i].to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		targets[i].text = addresses[i];
		targets[i].fates = calloc(capacity, sizeof(struct fate));
		if (targets[i].fates == NULL || inet_pton(AF_INET, addresses[i], &targets[i].to.sin_addr) != 1) exit(2);
	}
	sock = open_socket(0);
	hurry();
	pthread_t sender;
	if (pthread_create(&sender, NULL, send_all, NULL) != 0) die("thread");
	struct pollfd ready[] = {{.fd = sock, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	char line[64];
	for (;;) {
		poll(ready, 2, -1);
		if (ready[0].revents != 0) receive();
		if (ready[1].revents == 0) continue;
		if (fgets(line, sizeof line, stdin) == NULL) exit(0);
		command(line);
	}
}

int main(int argc, char **argv) {
	// fgets must not keep a second line that poll does not know of.
	setvbuf(stdin, NULL, _IONBF, 0);
	if (argc == 4 && strcmp(argv[1], "echo") == 0) echo(atoi(argv[2]), atoi(argv[3]));
	if (argc < 5 || strcmp(argv[1], "send") != 0) return 2;
	rate = atoi(argv[3]);
	stream(atoi(argv[2]), argc - 4, argv + 4);
}
