/* Events, semaphores, mutexes, waits for any and all, abandonment, interrupting, sleeping. */
#include "support.h"

enum { N_THREADS = 5, N_PASSES = 2000 };

static void *event, *semaphore, *mutex, *gate;
static void *many[4];
static _Atomic int n_through;
static int guarded;

static RtThread *start(void (*entry)(void *))
{
    RtThread *thread = rt_thread_create(entry, NULL, 0);
    CHECK(thread);
    return thread;
}

static void finish(RtThread *thread)
{
    CHECK(rt_thread_join(thread, 10000));
    rt_thread_release(thread);
}

static void pass_gate(void *argument)
{
    (void)argument;
    CHECK(rt_wait_one(gate, 10000) == RT_WAIT_OBJECT_0);
    atomic_fetch_add(&n_through, 1);
}

static void test_events(void)
{
    gate = rt_wait_event_new(true, false);
    RtThread *threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        threads[i] = start(pass_gate);
    rt_thread_sleep(20);
    CHECK(n_through == 0);
    CHECK(!rt_thread_join(threads[0], 0) && !rt_thread_join(threads[0], 5) && rt_thread_is_alive(threads[0]));
    rt_wait_event_set(gate);
    for (int i = 0; i < N_THREADS; i++)
        finish(threads[i]);
    CHECK(n_through == N_THREADS && rt_wait_one(gate, 0) == RT_WAIT_OBJECT_0);
    rt_wait_event_reset(gate);
    CHECK(rt_wait_one(gate, 0) == RT_WAIT_TIMEOUT && rt_wait_one(gate, 10) == RT_WAIT_TIMEOUT);
    rt_wait_close(gate);

    gate = rt_wait_event_new(false, true); /* lets one through per signal */
    CHECK(rt_wait_one(gate, 0) == RT_WAIT_OBJECT_0 && rt_wait_one(gate, 0) == RT_WAIT_TIMEOUT);
    n_through = 0;
    for (int i = 0; i < N_THREADS; i++)
        threads[i] = start(pass_gate);
    for (int i = 0; i < N_THREADS; i++) {
        rt_wait_event_set(gate);
        while (n_through <= i)
            rt_thread_sleep(1);
        CHECK(n_through == i + 1);
    }
    for (int i = 0; i < N_THREADS; i++)
        finish(threads[i]);
    rt_wait_close(gate);
}

static void pass_semaphore(void *argument)
{
    (void)argument;
    for (int i = 0; i < N_PASSES; i++) {
        CHECK(rt_wait_one(semaphore, 10000) == RT_WAIT_OBJECT_0);
        CHECK(atomic_fetch_add(&n_through, 1) < 2);
        rt_new(&node_type);
        atomic_fetch_sub(&n_through, 1);
        CHECK(rt_wait_semaphore_release(semaphore, 1, NULL));
    }
}

static void test_semaphores(void)
{
    n_through = 0;
    semaphore = rt_wait_semaphore_new(2, 2);
    int32_t previous = -1;
    CHECK(!rt_wait_semaphore_release(semaphore, 1, &previous) && previous == -1);
    RtThread *threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        threads[i] = start(pass_semaphore);
    for (int i = 0; i < N_THREADS; i++)
        finish(threads[i]);
    CHECK(rt_wait_one(semaphore, 0) == RT_WAIT_OBJECT_0);
    CHECK(rt_wait_semaphore_release(semaphore, 1, &previous) && previous == 1);
    rt_wait_close(semaphore);
}

static void pass_mutex(void *argument)
{
    (void)argument;
    for (int i = 0; i < N_PASSES; i++) {
        CHECK(rt_wait_one(mutex, 10000) == RT_WAIT_OBJECT_0);
        CHECK(rt_wait_one(mutex, 0) == RT_WAIT_OBJECT_0);
        guarded++;
        CHECK(rt_wait_mutex_release(mutex) && rt_wait_mutex_release(mutex));
    }
}

static void abandon_mutex(void *argument)
{
    (void)argument;
    CHECK(rt_wait_one(mutex, -1) == RT_WAIT_OBJECT_0);
}

static void test_mutexes(void)
{
    mutex = rt_wait_mutex_new(true);
    RtThread *threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        threads[i] = start(pass_mutex);
    rt_thread_sleep(5);
    CHECK(guarded == 0 && rt_wait_mutex_release(mutex) && !rt_wait_mutex_release(mutex));
    for (int i = 0; i < N_THREADS; i++)
        finish(threads[i]);
    CHECK(guarded == N_THREADS * N_PASSES);
    finish(start(abandon_mutex));
    CHECK(rt_wait_one(mutex, 10000) == RT_WAIT_ABANDONED_0);
    CHECK(rt_wait_one(mutex, 0) == RT_WAIT_OBJECT_0);
    rt_wait_close(mutex);
}

static void wait_for_all(void *argument)
{
    (void)argument;
    CHECK(rt_wait_multiple(many, 4, true, 10000) == RT_WAIT_OBJECT_0);
    atomic_fetch_add(&n_through, 1);
}

static void test_multiple(void)
{
    for (int i = 0; i < 4; i++)
        many[i] = rt_wait_event_new(false, false);
    CHECK(rt_wait_multiple(many, 4, false, 0) == RT_WAIT_TIMEOUT && rt_wait_multiple(many, 4, false, 5) == RT_WAIT_TIMEOUT);
    rt_wait_event_set(many[2]);
    rt_wait_event_set(many[3]);
    CHECK(rt_wait_multiple(many, 4, true, 5) == RT_WAIT_TIMEOUT); /* takes none */
    CHECK(rt_wait_multiple(many, 4, false, -1) == RT_WAIT_OBJECT_0 + 2);
    CHECK(rt_wait_multiple(many, 4, false, -1) == RT_WAIT_OBJECT_0 + 3);
    CHECK(rt_wait_multiple(many, 0, false, 0) == RT_WAIT_FAILED);
    n_through = 0;
    RtThread *thread = start(wait_for_all);
    for (int i = 3; i >= 0; i--) {
        rt_thread_sleep(2);
        CHECK(n_through == 0);
        rt_wait_event_set(many[i]);
    }
    finish(thread);
    CHECK(n_through == 1 && rt_wait_multiple(many, 4, false, 0) == RT_WAIT_TIMEOUT);
}

static void answer(void *argument)
{
    (void)argument;
    for (int i = 0; i < N_PASSES; i++) {
        CHECK(rt_wait_one(many[0], 10000) == RT_WAIT_OBJECT_0);
        rt_wait_event_set(many[1]);
    }
}

static void test_signal_and_wait(void)
{
    RtThread *thread = start(answer);
    for (int i = 0; i < N_PASSES; i++)
        CHECK(rt_wait_signal_and_wait(many[0], many[1], 10000) == RT_WAIT_OBJECT_0);
    finish(thread);
    mutex = rt_wait_mutex_new(false);
    CHECK(rt_wait_signal_and_wait(mutex, many[1], 0) == RT_WAIT_NOT_OWNER);
    semaphore = rt_wait_semaphore_new(1, 1);
    CHECK(rt_wait_signal_and_wait(semaphore, many[1], 0) == RT_WAIT_TOO_MANY_POSTS);
}

static void be_interrupted(void *argument)
{
    (void)argument;
    RtObject *object = rt_new(&node_type);
    CHECK(rt_wait_one(event, -1) == RT_WAIT_INTERRUPTED);
    atomic_fetch_add(&n_through, 1);
    CHECK(!rt_thread_sleep(-1));
    atomic_fetch_add(&n_through, 1);
    rt_monitor_enter(object);
    CHECK(rt_monitor_wait_code(object, -1) == RT_WAIT_INTERRUPTED && rt_monitor_is_entered(object));
    rt_monitor_exit(object);
    CHECK(rt_thread_sleep(1));
}

static void test_interrupt(void)
{
    event = rt_wait_event_new(false, false);
    n_through = 0;
    RtThread *thread = start(be_interrupted);
    for (int i = 0; i < 3; i++) {
        while (n_through < (i < 2 ? i : 2))
            rt_thread_sleep(1);
        rt_thread_interrupt(thread);
    }
    finish(thread);
}

static void test_sleep(void)
{
    int64_t begin = rt_now_ns();
    CHECK(rt_thread_sleep(25));
    CHECK(rt_now_ns() - begin >= 25 * RT_NS_PER_MS);
    CHECK(rt_thread_sleep(0));
    rt_thread_yield();
}

int main(void)
{
    rt_gc_init();
    test_events();
    test_semaphores();
    test_mutexes();
    test_multiple();
    test_signal_and_wait();
    test_interrupt();
    test_sleep();
    printf("ok\n");
    return 0;
}
