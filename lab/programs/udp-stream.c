// A stream of numbered UDP packets to many addresses.
//
//   udp-stream PORT PACKETS-A-SECOND ADDRESS…  so many to each address, from PORT to PORT, until standard input ends
//
// Node N sends them back from port PORT + N.
//
// It takes commands on standard input, a line each, and answers with a line of JSON:
//   state    who answered each address last, and when
//   report   since the last report: what was sent, lost, answered twice, each gap, each change of who answers
//
// Times are milliseconds of CLOCK_MONOTONIC. A gap is from the sending of the last packet that was answered before it to
// the sending of the first one that was answered after it. The program asks for a real-time priority: it is the nodes that
// are measured, and not whether this process had its turn. Where it may not have it, it goes without.
#define _GNU_SOURCE
#include <arpa/inet.h>
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
	_Atomic uint32_t reported; // the first that the next report is about
	_Atomic uint32_t last_node;
	_Atomic int64_t last_answer_ns;
};

static struct target targets[MAX_ADDRESSES];
static uint32_t target_count, capacity, rate;
static uint16_t port;
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

static int open_socket(void) {
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

static void flush_batch(struct mmsghdr *messages, int count) {
	for (int done = 0; done < count;) {
		int sent = sendmmsg(sock, messages + done, count - done, 0);
		// One that cannot be sent is one that is lost.
		done += sent > 0 ? sent : 1;
	}
}

static void take(const struct packet *packet, unsigned length, uint8_t node, int64_t received_ns) {
	uint32_t index = ntohl(packet->address), sequence = ntohl(packet->sequence);
	if (length != sizeof *packet || index >= target_count) return;
	struct target *target = &targets[index];
	if (target->next - sequence > capacity || sequence < target->reported) return;
	struct fate *fate = &target->fates[sequence % capacity];
	fate->node = node;
	if (fate->answers < 255) fate->answers++;
	target->last_node = node;
	target->last_answer_ns = received_ns;
}

// Takes what has come. Nobody waits for it in between: to be woken for each packet costs more than the packet.
static void receive(void) {
	struct packet packets[BATCH];
	struct sockaddr_in from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){&packets[i], sizeof packets[i]};
		messages[i] = (struct mmsghdr){
			.msg_hdr = {.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1}};
	}
	int count;
	do {
		count = recvmmsg(sock, messages, BATCH, MSG_DONTWAIT, NULL);
		int64_t received_ns = now_ns();
		for (int i = 0; i < count; i++) take(&packets[i], messages[i].msg_len, ntohs(from[i].sin_port) - port, received_ns);
	} while (count == BATCH);
}

static void *run(void *unused) {
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
			packets[count] = (struct packet){htonl(total % target_count), htonl(sequence)};
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
		receive();
	}
	return NULL;
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

static void stream(int count, char **addresses) {
	if (count < 1 || count > MAX_ADDRESSES || rate < 1) exit(2);
	target_count = count;
	capacity = rate * REMEMBERED_SECONDS;
	for (int i = 0; i < count; i++) {
		targets[i].to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		targets[i].text = addresses[i];
		targets[i].fates = calloc(capacity, sizeof(struct fate));
		if (targets[i].fates == NULL || inet_pton(AF_INET, addresses[i], &targets[i].to.sin_addr) != 1) exit(2);
	}
	sock = open_socket();
	hurry();
	pthread_t sender;
	if (pthread_create(&sender, NULL, run, NULL) != 0) die("thread");
	char line[64];
	while (fgets(line, sizeof line, stdin) != NULL) command(line);
	exit(0);
}

int main(int argc, char **argv) {
	if (argc < 4) return 2;
	port = atoi(argv[1]);
	rate = atoi(argv[2]);
	stream(argc - 3, argv + 3);
}
