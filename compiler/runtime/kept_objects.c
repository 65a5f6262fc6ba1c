/* Reflection's objects of which there is one for each thing that they stand for, made at the first question and kept for good. */
#include "reflect.h"

#include <pthread.h>
#include <stdlib.h>

struct RtKeptObject {
    struct RtKeptObject *next;
    const void *key;
    void *handle;
};
enum { STRONG_HANDLE = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static RtObject *find(const RtKeptObjects *objects, const void *key) {
    for (const struct RtKeptObject *kept = objects->first; kept; kept = kept->next)
        if (objects->same ? objects->same(kept->key, key) : kept->key == key)
            return rt_handle_get(kept->handle);
    return NULL;
}

RtObject *rt_kept_object(RtKeptObjects *objects, const void *key, RtObject *(*make)(const void *key)) {
    pthread_mutex_lock(&lock);
    RtObject *found = find(objects, key);
    pthread_mutex_unlock(&lock);
    if (found)
        return found;
    /* Making allocates, and may ask for other objects: without the lock, so two threads may make one each. */
    RtObject *made = make(key);
    struct RtKeptObject *kept = malloc(sizeof *kept);
    if (!kept)
        rt_fail_fast("out of memory");
    kept->key = key;
    kept->handle = rt_handle_new(made, STRONG_HANDLE);
    pthread_mutex_lock(&lock);
    found = find(objects, key);
    if (!found) {
        kept->next = objects->first;
        objects->first = kept;
    }
    pthread_mutex_unlock(&lock);
    if (found) {
        rt_handle_free(kept->handle);
        free(kept);
    }
    return found ? found : made;
}
