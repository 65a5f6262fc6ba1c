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

static z_stream *begin(ManagedStream *managed) {
    z_stream *stream = calloc(1, sizeof *stream);
    managed->state = stream;
    if (!stream)
        managed->message = NULL;
    return stream;
}

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
    if (!stream)
        return Z_MEM_ERROR;
    take(stream, managed);
    return started(managed, stream, deflateInit2(stream, level, method, window_bits, memory, strategy));
}

int32_t CompressionNative_Deflate(ManagedStream *managed, int32_t flush) {
    z_stream *stream = managed->state;
    if (!stream)
        return Z_STREAM_ERROR;
    take(stream, managed);
    return give(managed, stream, deflate(stream, flush));
}

int32_t CompressionNative_DeflateReset(ManagedStream *managed) {
    z_stream *stream = managed->state;
    return stream ? give(managed, stream, deflateReset(stream)) : Z_STREAM_ERROR;
}

int32_t CompressionNative_DeflateEnd(ManagedStream *managed) { return ended(managed, deflateEnd); }

int32_t CompressionNative_InflateInit2_(ManagedStream *managed, int32_t window_bits) {
    z_stream *stream = begin(managed);
    if (!stream)
        return Z_MEM_ERROR;
    take(stream, managed);
    return started(managed, stream, inflateInit2(stream, window_bits));
}

int32_t CompressionNative_Inflate(ManagedStream *managed, int32_t flush) {
    z_stream *stream = managed->state;
    if (!stream)
        return Z_STREAM_ERROR;
    take(stream, managed);
    return give(managed, stream, inflate(stream, flush));
}

int32_t CompressionNative_InflateReset(ManagedStream *managed) {
    z_stream *stream = managed->state;
    return stream ? give(managed, stream, inflateReset(stream)) : Z_STREAM_ERROR;
}

int32_t CompressionNative_InflateReset2_(ManagedStream *managed, int32_t window_bits) {
    z_stream *stream = managed->state;
    return stream ? give(managed, stream, inflateReset2(stream, window_bits)) : Z_STREAM_ERROR;
}

int32_t CompressionNative_InflateEnd(ManagedStream *managed) { return ended(managed, inflateEnd); }

uint32_t CompressionNative_Crc32(uint32_t crc, uint8_t *buffer, int32_t length) { return (uint32_t)crc32(crc, buffer, (uInt)length); }
