#include "load/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <utility>

#include "load/generator.h"

namespace load {

namespace base = corering::base;
namespace ring = corering::ring;

namespace {

int open_socket(int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || family == AF_UNIX) return fd;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

Client::Client(Generator& generator, corering::runtime::Core& core, const Options& options, const Dataset& dataset)
    : generator_(generator),
      core_(core),
      options_(options),
      dataset_(dataset),
      reader_(options.protocol, dataset),
      lifetime_(options.requests_per_connection),
      waiting_(options.pipeline) {}

Client::~Client() {
  core_.flush_list().remove(flush_);
  core_.forget_chunks(rearm_);
}

void Client::connect() {
  reader_.reset();
  issued_ = 0;
  oldest_ = outstanding_ = 0;
  queued_.clear();
  leaving_.clear();
  left_ = 0;
  connect_begin_ = core_.now();
  const int fd = open_socket(options_.address.family());
  if (fd < 0) {
    generator_.on_connect_failed(errno);
    return;
  }
  socket_ = {fd, ring::FileRef::Kind::descriptor};
  state_ = State::connecting;
  ring::Sqe& sqe = core_.ring().require_sqe(connect_);
  ring::prepare(sqe, IORING_OP_CONNECT, socket_);
  sqe.addr = reinterpret_cast<std::uint64_t>(options_.address.data());
  sqe.off = options_.address.bytes();
}

void Client::on_connected(ring::IoResult result) {
  if (state_ == State::closing) return close_if_quiet();
  if (result.failed()) {
    generator_.on_connect_failed(-result.value);
    begin_closing();
    return;
  }
  state_ = State::open;
  generator_.measures().connects.add();
  generator_.measures().connect_ns.record(static_cast<std::uint64_t>((core_.now() - connect_begin_).count()));
  arm();
  generator_.on_open(*this);
}

void Client::arm() {
  if (core_.receive_buffers().in_window() == 0) {
    core_.await_chunks(rearm_);
    return;
  }
  ring::prepare_receive_multishot(core_.ring().require_sqe(receive_), socket_, core_.receive_buffers().group());
}

void Client::rearm() {
  if (state_ == State::open && !receive_.in_flight()) arm();
}

void Client::issue(const Request& request) {
  std::size_t newest = oldest_ + outstanding_;
  if (newest >= waiting_.size()) newest -= waiting_.size();
  waiting_[newest] = request;
  waiting_[newest].sent_ns = core_.now().ns;
  ++outstanding_;
  ++issued_;
  append_request(options_.protocol, dataset_, request, queued_);
  core_.flush_list().add(flush_);
}

// One send under way: what is issued meanwhile leaves with the next.
void Client::flush() {
  if (state_ != State::open || send_.in_flight() || queued_.empty()) return;
  leaving_.clear();
  std::swap(leaving_, queued_);
  left_ = 0;
  send_rest();
}

void Client::send_rest() { ring::prepare_send(core_.ring().require_sqe(send_), socket_, leaving_.bytes().subspan(left_)); }

void Client::on_sent(ring::IoResult result) {
  if (state_ == State::closing) return close_if_quiet();
  if (result.failed()) return begin_closing();
  generator_.measures().sent_bytes.add(static_cast<std::uint64_t>(result.value));
  left_ += static_cast<std::size_t>(result.value);
  if (left_ < leaving_.size()) return send_rest();
  if (!queued_.empty()) core_.flush_list().add(flush_);
}

void Client::on_received(ring::IoResult result) {
  if (result.has_buffer()) {
    const corering::mem::Chunk chunk = core_.receive_buffers().take(result.buffer_id());
    if (!result.failed() && state_ == State::open) {
      generator_.measures().received_bytes.add(static_cast<std::uint64_t>(result.value));
      take_replies(base::ByteView(chunk.bytes()).first(static_cast<std::size_t>(result.value)));
    }
  }
  if (state_ == State::closing) return close_if_quiet();
  // It may be closed by now, or even on its next connection.
  if (state_ != State::open || receive_.in_flight()) return;
  if (result.value > 0) return arm();
  if (result.value == -ENOBUFS) {
    core_.receive_buffers().on_exhausted();
    core_.await_chunks(rearm_);
    return;
  }
  generator_.measures().connections_lost.add();
  begin_closing();
}

void Client::take_replies(base::ByteView bytes) {
  while (!bytes.empty()) {
    if (outstanding_ == 0) {
      generator_.measures().malformed.add();  // bytes that nobody asked for
      return begin_closing();
    }
    const Request request = waiting_[oldest_];
    const Verdict verdict = reader_.read(bytes, request);
    if (verdict == Verdict::incomplete) return;
    if (++oldest_ == waiting_.size()) oldest_ = 0;
    --outstanding_;
    // First, so that no further request is given to it.
    if (verdict == Verdict::malformed) begin_closing();
    generator_.on_reply(*this, request, verdict);
    if (state_ != State::open) return;
  }
  if (is_retiring() && outstanding_ == 0) begin_closing();
}

bool Client::give_up_before(base::Instant limit) {
  if (!is_open() || outstanding_ == 0 || waiting_[oldest_].sent_ns >= limit.ns) return false;
  generator_.on_timed_out(std::exchange(outstanding_, 0));
  begin_closing();
  return true;
}

void Client::close() {
  if (state_ != State::closed) begin_closing();
}

void Client::begin_closing() {
  if (state_ == State::closing) return;
  const bool was_open = state_ == State::open;
  state_ = State::closing;
  if (was_open) generator_.on_not_open(*this, outstanding_);
  outstanding_ = 0;
  core_.forget_chunks(rearm_);
  core_.ring().backend().shutdown_socket(socket_.index, SHUT_RDWR);
  if (connect_.in_flight()) ring::prepare_cancel(core_.ring().require_sqe(cancel_), connect_);
  close_if_quiet();
}

void Client::close_if_quiet() {
  if (connect_.in_flight() || receive_.in_flight() || send_.in_flight() || cancel_.in_flight()) return;
  core_.ring().backend().close_fd(socket_.index);
  state_ = State::closed;
  generator_.on_closed(*this);
}

}  // namespace load
