/* What System.IO.Compression calls of zlib. The managed ZStream is a struct of its own; zlib's lives behind its internalState. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct {
    uint8_t *next_in;
    uint8_t *next_out;
    char *message;
    void *state;
    uint32_t avail_in;
    uint32_t avail_out;
} ManagedStream;

static void take(z_stream *stream, const ManagedStream *managed) {
    stream->next_in = managed->next_in;
    stream->avail_in = managed->avail_in;
    stream->next_out = managed->next_out;
    stream->avail_out = managed->avail_out;
}

static int give(ManagedStream *managed, const z_stream *stream, int result) {
    managed->next_in = (uint8_t *)stream->next_in;
    managed->avail_in = stream->avail_in;
    managed->next_out = stream->next_out;
    managed->avail_out = stream->avail_out;
    managed->message = (char *)stream->msg;
    return result;
}

static z_stream *begin(ManagedStream *managed) {
    z_stream *stream = calloc(1, sizeof *stream);
    managed->state = stream;
    managed->message = NULL;
    if (stream)
        take(stream, managed);
    return stream;
}

static int stepped(ManagedStream *managed, int (*step)(z_stream *, int), int argument) {
    z_stream *stream = managed->state;
    if (!stream)
        return Z_STREAM_ERROR;
    take(stream, managed);
    return give(managed, stream, step(stream, argument));
}

static int reset(ManagedStream *managed, int (*restart)(z_stream *)) {
    z_stream *stream = managed->state;
    return stream ? give(managed, stream, restart(stream)) : Z_STREAM_ERROR;
}

/* A failed start leaves nothing to end, as the managed side expects. */
static int started(ManagedStream *managed, z_stream *stream, int result) {
    give(managed, stream, result);
    if (result != Z_OK) {
        free(stream);
        managed->state = NULL;
    }
    return result;
}

static int ended(ManagedStream *managed, int (*end)(z_stream *)) {
    z_stream *stream = managed->state;
    if (!stream)
        return Z_OK;
    int result = end(stream);
    give(managed, stream, result);
    free(stream);
    managed->state = NULL;
    return result;
}

int32_t CompressionNative_DeflateInit2_(ManagedStream *managed, int32_t level, int32_t method, int32_t window_bits, int32_t memory, int32_t strategy) {
    z_stream *stream = begin(managed);
    return stream ? started(managed, stream, deflateInit2(stream, level, method, window_bits, memory, strategy)) : Z_MEM_ERROR;
}

int32_t CompressionNative_InflateInit2_(ManagedStream *managed, int32_t window_bits) {
    z_stream *stream = begin(managed);
    return stream ? started(managed, stream, inflateInit2(stream, window_bits)) : Z_MEM_ERROR;
}

int32_t CompressionNative_Deflate(ManagedStream *managed, int32_t flush) { return stepped(managed, deflate, flush); }
int32_t CompressionNative_DeflateReset(ManagedStream *managed) { return reset(managed, deflateReset); }
int32_t CompressionNative_DeflateEnd(ManagedStream *managed) { return ended(managed, deflateEnd); }
int32_t CompressionNative_Inflate(ManagedStream *managed, int32_t flush) { return stepped(managed, inflate, flush); }
int32_t CompressionNative_InflateReset(ManagedStream *managed) { return reset(managed, inflateReset); }
int32_t CompressionNative_InflateReset2_(ManagedStream *managed, int32_t window_bits) { return stepped(managed, inflateReset2, window_bits); }
int32_t CompressionNative_InflateEnd(ManagedStream *managed) { return ended(managed, inflateEnd); }

uint32_t CompressionNative_Crc32(uint32_t crc, uint8_t *buffer, int32_t length) { return (uint32_t)crc32(crc, buffer, (uInt)length); }
