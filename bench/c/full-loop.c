/*
 * The kernel's duties in C, on the ping-pong of bench/workloads/ping-pong.ts: a binary heap, causal names, a keyed latency,
 * a 32-byte record per event, SHA-256 per 64 KiB. It must arrive at the very digest of the kernel.
 */
#include "binary-heap.h"
#include "sha256.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CHUNK 65536
#define SYSTEM_EVENT 0
#define MESSAGE_EVENT 2
#define MOMENT 11
#define LEAST 200
#define BOUND 1801

typedef struct { uint32_t child1, child2; } Name;
typedef struct { int32_t hits; } Ball;
typedef struct { int32_t what, target, kind, a, b; uint32_t name1, name2, cause; Ball *payload; } Event;
typedef struct Node Node;
struct Node { int id, peer; void (*on_message)(Node *, Ball *); };

static uint32_t round32(uint32_t hash, uint32_t word) {
  uint32_t k = word * 0xcc9e2d51u;
  k = (k << 15) | (k >> 17);
  uint32_t h = hash ^ (k * 0x1b873593u);
  h = (h << 13) | (h >> 19);
  return h * 5u + 0xe6546b64u;
}

static uint32_t mix(uint32_t seed, uint32_t site, uint32_t name1, uint32_t name2) {
  uint32_t h = round32(round32(round32(seed, name1), name2), site);
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ (h >> 16);
}

static uint32_t hash_text(const char *text, uint32_t seed) {
  uint32_t length = (uint32_t)strlen(text);
  uint32_t h = seed ^ length;
  for (uint32_t i = 0; i < length; i++) h = round32(h, (uint32_t)text[i]);
  return mix(h, 0, length, 0);
}

/* xor-shifts of the lanes are done as in JavaScript: >>> on unsigned values. */
static Name child(uint32_t parent1, uint32_t parent2, uint32_t key, uint32_t ordinal) {
  uint32_t h = (parent1 ^ key) * 0x85ebca6bu;
  h ^= (h >> 13) ^ parent2;
  h = (h + ordinal) * 0xc2b2ae35u;
  uint32_t lane1 = h ^ (h >> 16);
  h = (parent2 ^ lane1) * 0x27d4eb2fu;
  h ^= (h >> 15) ^ key;
  h *= 0x165667b1u;
  return (Name){lane1, h ^ (h >> 14)};
}

static Heap heap;
static Event *events;
static int32_t *freed;
static int free_count;
static int64_t now, order;
static uint32_t seed, name1, name2, cause, event_hash, count, handled;
static uint32_t siblings[64], ordinals[64];
static int sibling_count;
static uint8_t chunk[CHUNK];
static int at;
static Sha256 *sha;

static uint32_t ordinal_of(uint32_t sibling) {
  for (int i = sibling_count - 1; i >= 0; i--) {
    if (siblings[i] == sibling) return ++ordinals[i];
  }
  siblings[sibling_count] = sibling;
  ordinals[sibling_count++] = 0;
  return 0;
}

static void flush_chunk(void) {
  sha256_update(sha, chunk, (size_t)at);
  at = 0;
}

static uint32_t write_record(int64_t time, uint32_t why, uint32_t kind, uint32_t node, int32_t a, int32_t b, int32_t c, int32_t d) {
  double seconds = (double)time;
  uint32_t head[2] = {why, kind | (node << 16)};
  int32_t body[4] = {a, b, c, d};
  memcpy(chunk + at, &seconds, 8);
  memcpy(chunk + at + 8, head, 8);
  memcpy(chunk + at + 16, body, 16);
  at += 32;
  if (at == CHUNK) flush_chunk();
  return count++;
}

static void schedule(int64_t delay, int32_t what, int32_t target, Ball *payload, Name name) {
  int slot = freed[--free_count];
  events[slot] = (Event){what, target, 0, 0, 0, name.child1, name.child2, cause, payload};
  heap_push(&heap, (Entry){now + delay, order++, slot});
}

static void on_message(Node *node, Ball *ball) {
  uint32_t key = ((uint32_t)node->peer << 16) ^ (MESSAGE_EVENT << 13);
  Name name = child(name1, name2, key, ordinal_of(key));
  int64_t latency = LEAST + (int64_t)(((uint64_t)mix(seed, 0, name.child1, name.child2) * BOUND) >> 32);
  cause = write_record(now, cause, MOMENT, (uint32_t)node->id, node->peer, ball->hits, (int32_t)latency, 0);
  Ball *next = malloc(sizeof(Ball));
  next->hits = ball->hits + 1;
  free(ball);
  schedule(latency, MESSAGE_EVENT, node->peer, next, name);
}

int main(int argc, char **argv) {
  int pairs = atoi(argv[1]);
  long total = atol(argv[2]);
  (void)argc;
  Node *nodes = malloc(sizeof(Node) * (size_t)pairs * 2);
  heap.entries = malloc(sizeof(Entry) * (size_t)(pairs + 2));
  events = malloc(sizeof(Event) * (size_t)(pairs + 2));
  freed = malloc(sizeof(int32_t) * (size_t)(pairs + 2));
  for (int i = 0; i < pairs + 2; i++) freed[free_count++] = i;
  sha = sha256_begin();
  seed = hash_text("1", 0x74571ce5u);
  name1 = hash_text("genesis", 1);
  name2 = hash_text("genesis", 2);
  for (int i = 0; i < pairs * 2; i++) nodes[i] = (Node){i, i ^ 1, on_message};
  for (int i = 0; i < pairs * 2; i += 2) {
    Ball *ball = malloc(sizeof(Ball));
    ball->hits = 0;
    uint32_t key = ((uint32_t)i << 16) ^ (MESSAGE_EVENT << 13);
    schedule(0, MESSAGE_EVENT, i, ball, child(name1, name2, key, ordinal_of(key)));
  }
  long warm = total / 10;
  struct timespec begin, end;
  for (handled = 0; handled < total;) {
    if (handled == warm) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    Entry entry = heap_pop(&heap);
    Event event = events[entry.slot];
    freed[free_count++] = entry.slot;
    now = entry.time;
    name1 = event.name1;
    name2 = event.name2;
    cause = event.cause;
    sibling_count = 0;
    handled++;
    event_hash = (event_hash ^ name1) * 0x01000193u + (uint32_t)now;
    Node *node = &nodes[event.target];
    if (event.what == MESSAGE_EVENT) node->on_message(node, event.payload);
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  write_record(now, handled, 2, 0, (int32_t)event_hash, (int32_t)name1, (int32_t)name2, 0);
  flush_chunk();
  double ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
  char digest[65];
  sha256_end(sha, digest);
  printf("{\"count\":%ld,\"ns\":%.0f,\"check\":\"%s\"}\n", total - warm, ns, digest);
  return 0;
}
