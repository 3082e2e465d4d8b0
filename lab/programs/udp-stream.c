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
// the sending of the first one that was answered after it; one that is not over is told again, whole, by the next report.
// Single packets are remembered for seconds only, what became of them until it is reported. The program asks for a real-time priority: it is the nodes that
// are measured, and not whether this process had its turn. Where it may not have it, it goes without.
#define _GNU_SOURCE
#include <arpa/inet.h>
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
#define REMEMBERED_SECONDS 60
#define SETTLE_EVERY_MS 1000
// What was sent so lately may still be answered: it is left to the next report.
#define LINGER_NS 300000000L
// While no report is asked for there is no hurry with it.
#define SETTLE_AFTER_NS 5000000000L

struct packet {
	uint32_t address;
	uint32_t sequence;
};

struct fate {
	int64_t sent_ns;
	uint8_t node;
	uint8_t answers;
};

struct gap {
	int64_t from_ns, to_ns;
	uint32_t lost;
};

struct move {
	int64_t at_ns;
	uint8_t from, to;
};

// Since the last report, but for the last two, which go on over reports.
struct account {
	uint32_t sent, received, duplicates;
	struct gap *gaps;
	size_t gap_count, gap_room;
	struct move *moves;
	size_t move_count, move_room;
	uint8_t node;    // that answered last; 0: nobody yet
	struct gap open; // lost > 0: it is not over; from_ns is when the last packet was sent that was answered
};

struct target {
	struct sockaddr_in to;
	const char *text;
	struct fate *fates; // by sequence number, modulo capacity
	struct account account;
	_Atomic uint32_t next;
	_Atomic uint32_t settled; // the first that is not in the account
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
	if (target->next - sequence > capacity || sequence < target->settled) return;
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

// Room for one more.
static void *grown(void *list, size_t count, size_t *room, size_t size) {
	if (count < *room) return list;
	*room = *room == 0 ? 16 : *room * 2;
	list = realloc(list, *room * size);
	if (list == NULL) die("realloc");
	return list;
}

static void settle_packet(struct account *account, const struct fate *fate) {
	if (account->open.from_ns == 0) account->open.from_ns = fate->sent_ns;
	account->sent++;
	if (fate->answers == 0) {
		account->open.lost++;
		return;
	}
	account->received++;
	account->duplicates += fate->answers - 1;
	if (account->node != 0 && fate->node != account->node) {
		account->moves = grown(account->moves, account->move_count, &account->move_room, sizeof(struct move));
		account->moves[account->move_count++] = (struct move){fate->sent_ns, account->node, fate->node};
	}
	account->node = fate->node;
	if (account->open.lost > 0) {
		account->gaps = grown(account->gaps, account->gap_count, &account->gap_room, sizeof(struct gap));
		account->gaps[account->gap_count++] = (struct gap){account->open.from_ns, fate->sent_ns, account->open.lost};
	}
	account->open = (struct gap){.from_ns = fate->sent_ns};
}

// Enters into the account what was sent before.
static void settle(struct target *target, int64_t until_ns) {
	uint32_t next = atomic_load_explicit(&target->next, memory_order_acquire);
	uint32_t end = target->settled;
	for (; end < next && target->fates[end % capacity].sent_ns <= until_ns; end++)
		settle_packet(&target->account, &target->fates[end % capacity]);
	target->settled = end;
}

static void settle_all(int64_t until_ns) {
	for (uint32_t i = 0; i < target_count; i++) settle(&targets[i], until_ns);
}

static void print_gap(const struct gap *gap, int is_over, const char *comma) {
	printf("%s{\"fromMs\":%.3f,\"toMs\":%.3f,\"lost\":%u,\"isOver\":%s}", comma, ms(gap->from_ns), ms(gap->to_ns), gap->lost,
		is_over ? "true" : "false");
}

static void report_target(const char *text, struct account *account, int64_t until_ns) {
	printf("{\"address\":\"%s\",\"sent\":%u,\"received\":%u,\"duplicates\":%u,\"moves\":[", text, account->sent,
		account->received, account->duplicates);
	for (size_t i = 0; i < account->move_count; i++) {
		const struct move *move = &account->moves[i];
		printf("%s{\"atMs\":%.3f,\"from\":%u,\"to\":%u}", i == 0 ? "" : ",", ms(move->at_ns), move->from, move->to);
	}
	printf("],\"gaps\":[");
	for (size_t i = 0; i < account->gap_count; i++) print_gap(&account->gaps[i], 1, i == 0 ? "" : ",");
	account->open.to_ns = until_ns;
	if (account->open.lost > 0) print_gap(&account->open, 0, account->gap_count == 0 ? "" : ",");
	printf("]}");
	account->sent = account->received = account->duplicates = 0;
	account->gap_count = account->move_count = 0;
}

static void report(void) {
	int64_t until_ns = now_ns() - LINGER_NS;
	settle_all(until_ns);
	printf("{\"type\":\"report\",\"addresses\":[");
	for (uint32_t i = 0; i < target_count; i++) {
		if (i > 0) printf(",");
		report_target(targets[i].text, &targets[i].account, until_ns);
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
	// What standard input has is to be seen by poll.
	setvbuf(stdin, NULL, _IONBF, 0);
	struct pollfd commands = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[64];
	for (;;) {
		if (poll(&commands, 1, SETTLE_EVERY_MS) > 0) {
			if (fgets(line, sizeof line, stdin) == NULL) exit(0);
			command(line);
		}
		settle_all(now_ns() - SETTLE_AFTER_NS);
	}
}

int main(int argc, char **argv) {
	if (argc < 4) return 2;
	port = atoi(argv[1]);
	rate = atoi(argv[2]);
	stream(argc - 3, argv + 3);
}
