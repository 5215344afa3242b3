/* Hold model: pop the earliest, push another, with a constant number pending. Prints nanoseconds and a checksum. */
#include "binary-heap.h"
#include <stdio.h>
#include <time.h>

static uint32_t state;
static inline uint32_t draw(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/* Four of five short (0.2-2 ms), one of five long (30-500 ms). */
static inline int64_t delay(void) {
  uint32_t r = draw();
  return r % 5 == 0 ? 30000 + (int64_t)(draw() % 470000) : 200 + (int64_t)(r % 1800);
}

int main(int argc, char **argv) {
  int pending = atoi(argv[1]);
  long rounds = atol(argv[2]);
  (void)argc;
  state = 1;
  Heap heap = {malloc(sizeof(Entry) * (size_t)(pending + 1)), 0};
  int64_t order = 0;
  for (int i = 0; i < pending; i++) heap_push(&heap, (Entry){delay(), order++, i});
  uint32_t checksum = 0;
  for (int pass = 0; pass < 2; pass++) { /* the first pass warms up */
    long count = pass == 0 ? rounds / 10 : rounds;
    struct timespec begin, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (long i = 0; i < count; i++) {
      Entry entry = heap_pop(&heap);
      checksum = checksum * 31u + (uint32_t)entry.slot;
      heap_push(&heap, (Entry){entry.time + delay(), order++, entry.slot});
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    if (pass == 1) {
      double ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
      printf("{\"count\":%ld,\"ns\":%.0f,\"check\":\"%u\"}\n", count, ns, checksum);
    }
  }
  return 0;
}
