"""Tables in Markdown."""
import statistics


def spread(values, digits):
    """The median and how far the values lie apart."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def table(head, rows):
    """Lines of Markdown; `rows` are lists of text."""
    return "\n".join(["| " + " | ".join(head) + " |", "| --- " * len(head) + "|", *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def listing(environment):
    return "".join(f"- {key}: {value}\n" for key, value in environment.items())


def size(byte_count):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if byte_count >= unit and byte_count % unit == 0:
            return f"{byte_count // unit} {name}"
    return f"{byte_count} B"
