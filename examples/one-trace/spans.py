"""Reads spans from OTLP in protobuf: as much of the format as the example shows, without a library."""


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """Number and value of each field of a message; a value of any length is bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            length, at = varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value


def each(data, number):
    return [value for found, value in fields(data) if found == number]


def first(data, number):
    return next(iter(each(data, number)), b"")


def decode(request):
    """The spans of an ExportTraceServiceRequest: resource spans, in them those of scopes, in them spans."""
    return [
        {
            "trace": first(span, 1).hex(), "id": first(span, 2).hex(), "parent": first(span, 4).hex(), "name": first(span, 5).decode(),
            "start": int.from_bytes(first(span, 7), "little"),
            "links": [(first(link, 1).hex(), first(link, 2).hex()) for link in each(span, 13)],
        }
        for resource in each(request, 1) for scope in each(resource, 2) for span in each(scope, 2)
    ]
