/* The plain binary heap of a C programmer: keys in the heap, no positions, so no cancelling. */
#ifndef BINARY_HEAP_H
#define BINARY_HEAP_H
#include <stdint.h>
#include <stdlib.h>

typedef struct { int64_t time; int64_t order; int32_t slot; } Entry;
typedef struct { Entry *entries; int size; } Heap;

static inline int before(const Entry *a, const Entry *b) {
  return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static inline void heap_push(Heap *heap, Entry entry) {
  int at = heap->size++;
  Entry *entries = heap->entries;
  while (at > 0) {
    int parent = (at - 1) >> 1;
    if (before(&entries[parent], &entry)) break;
    entries[at] = entries[parent];
    at = parent;
  }
  entries[at] = entry;
}

static inline Entry heap_pop(Heap *heap) {
  Entry *entries = heap->entries;
  Entry first = entries[0];
  Entry last = entries[--heap->size];
  int size = heap->size;
  int at = 0;
  for (;;) {
    int child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && before(&entries[child + 1], &entries[child])) child++;
    if (before(&last, &entries[child])) break;
    entries[at] = entries[child];
    at = child;
  }
  entries[at] = last;
  return first;
}
#endif
