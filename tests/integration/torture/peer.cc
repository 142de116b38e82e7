#include "torture/peer.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "torture/pattern.h"

namespace corering::torture {
namespace {

// Calls per step, so that one fast peer does not hold up the crowd.
constexpr int kWritesPerStepMax = 4;
constexpr int kReadsPerStepMax = 4;

constexpr std::uint64_t kFirstConnectUsMax = 500'000;
constexpr std::uint64_t kComeBackUsMin = 20'000;
constexpr std::uint64_t kComeBackUsMax = 200'000;
constexpr std::uint64_t kAfterFaultUsMin = 100'000;
constexpr std::uint64_t kRetryUs = 20'000;
constexpr std::uint64_t kWritePatienceUs = 20'000;

constexpr Round kLeave{.read_bytes_max = 64 * 1024, .ending = Ending::half_close};

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// This machine is short of something (ports, descriptors, room in a Unix backlog); the server did nothing wrong.
bool worth_a_retry(int error) { return error == EAGAIN || error == EADDRNOTAVAIL || error == EMFILE || error == ENFILE; }

}  // namespace

Peer::Peer(Shared& shared, std::uint32_t index)
    : shared_(shared),
      index_(index),
      random_(shared.seed + index),
      behaviour_(deal_behaviour(index, random_)),
      connect_at_us_(random_.uniform(0, kFirstConnectUsMax)),
      progress_us_(connect_at_us_) {
  ++tally().peers;
}

void Peer::step(std::uint32_t events, std::uint64_t now_us) {
  switch (state_) {
    case State::waiting:
      if (shared_.winding_down) {
        state_ = State::done;
      } else if (now_us >= connect_at_us_) {
        connect(now_us);
      }
      return;
    case State::connecting:
      if (now_us >= end_at_us_) {
        end_by_force(now_us);
      } else if (events != 0) {
        finish_connect(now_us);
        if (connected()) play(0, now_us);
      }
      return;
    case State::talking:
    case State::half_closed:
      if (now_us >= end_at_us_) {
        end_by_force(now_us);
      } else {
        play(events, now_us);
      }
      return;
    case State::done: return;
  }
}

void Peer::play(std::uint32_t events, std::uint64_t now_us) {
  write(now_us);
  if (connected()) read(now_us, events);
  if (connected()) settle(now_us);
}

void Peer::watch(std::uint64_t now_us) {
  if (done() || now_us < progress_us_ + kStallUs) return;
  fail(Fault::stall, "no progress for 10 s", now_us);
  state_ = State::done;
}

std::uint32_t Peer::interest(std::uint64_t now_us) const {
  if (state_ == State::connecting) return EPOLLOUT;
  if (!connected()) return 0;
  std::uint32_t events = 0;
  if (now_us >= may_read_at_us()) events |= EPOLLIN;
  if (sent_bytes_ < goal_bytes_ && now_us >= write_at_us_) events |= EPOLLOUT;
  return events;
}

std::uint64_t Peer::wake_us(std::uint64_t now_us) const {
  if (state_ == State::waiting) return connect_at_us_;
  if (state_ == State::connecting) return end_at_us_;
  if (!connected()) return kNever;
  std::uint64_t wake = end_at_us_;
  if (now_us < may_read_at_us()) wake = std::min(wake, may_read_at_us());
  if (now_us < write_at_us_ && sent_bytes_ < goal_bytes_) wake = std::min(wake, write_at_us_);
  return wake;
}

// A peer that writes first gives that up when its writes stand still: a server that stops receiving from a client that
// reads nothing is right. Only time shows it; a socket may be full without any write having been refused.
std::uint64_t Peer::may_read_at_us() const {
  const bool writes_first = round_.reading == Reading::after_writing && sent_bytes_ < goal_bytes_;
  return writes_first ? std::max(read_at_us_, wrote_at_us_ + kWritePatienceUs) : read_at_us_;
}

void Peer::connect(std::uint64_t now_us) {
  ++life_;
  stream_ = mix(mix(shared_.seed + index_) + life_);
  goal_bytes_ = sent_bytes_ = received_bytes_ = 0;
  begin_round(next_round(behaviour_, shared_.message_bytes_max, random_));
  auto opened = shared_.target.connect({
      .buffer_bytes = round_.socket_buffer_bytes,
      .nagle = random_.one_in(4) ? Target::Nagle::on : Target::Nagle::off,
  });
  if (opened) {
    socket_ = std::move(*opened);
    state_ = State::connecting;
    end_at_us_ = round_.ending == Ending::reset || round_.ending == Ending::vanish ? now_us + round_.ends_after_us : kNever;
  } else if (worth_a_retry(opened.error())) {
    ++tally().retries;
    connect_at_us_ = now_us + kRetryUs;
  } else {
    fail(Fault::error, std::string("connect: ") + std::strerror(opened.error()), now_us);
  }
}

void Peer::finish_connect(std::uint64_t now_us) {
  if (const int error = socket_.pending_error(); error != 0) {
    fail(Fault::error, std::string("connect: ") + std::strerror(error), now_us);
    return;
  }
  state_ = State::talking;
  progress_us_ = wrote_at_us_ = now_us;
  ++tally().connections;
}

void Peer::begin_round(const Round& round) {
  round_ = round;
  goal_bytes_ += round.send_bytes;
  write_at_us_ = read_at_us_ = 0;
}

void Peer::write(std::uint64_t now_us) {
  for (int call = 0; call < kWritesPerStepMax && sent_bytes_ < goal_bytes_ && now_us >= write_at_us_; ++call) {
    const std::uint64_t limit = std::min<std::uint64_t>({goal_bytes_ - sent_bytes_, round_.write_bytes_max, shared_.buffer.size()});
    const auto bytes = std::span(shared_.buffer).first(random_.uniform(1, limit));
    fill_pattern(stream_, sent_bytes_, bytes);
    const ssize_t count = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (!would_block(errno)) fail(Fault::error, std::string("send: ") + std::strerror(errno), now_us);
      return;
    }
    sent_bytes_ += static_cast<std::uint64_t>(count);
    tally().sent_bytes += static_cast<std::uint64_t>(count);
    progress_us_ = wrote_at_us_ = now_us;
    if (round_.write_pause_us_max > 0) write_at_us_ = now_us + random_.uniform(1, round_.write_pause_us_max);
  }
}

void Peer::read(std::uint64_t now_us, std::uint32_t events) {
  // A peer that does not want to read yet must still notice that its connection is broken.
  if ((events & (EPOLLERR | EPOLLHUP)) == 0 && now_us < may_read_at_us()) return;
  for (int call = 0; call < kReadsPerStepMax && connected(); ++call) {
    const std::uint64_t limit = random_.uniform(1, std::min<std::uint64_t>(round_.read_bytes_max, shared_.buffer.size()));
    const ssize_t count = ::recv(socket_.fd(), shared_.buffer.data(), limit, 0);
    if (count > 0) {
      accept_bytes(static_cast<std::size_t>(count), now_us);
      if (round_.read_pause_us_max > 0 && !shared_.winding_down) {
        read_at_us_ = now_us + random_.uniform(1, round_.read_pause_us_max);
        return;
      }
    } else if (count == 0) {
      on_end(now_us);
    } else if (would_block(errno)) {
      return;
    } else {
      fail(Fault::error, std::string("recv: ") + std::strerror(errno), now_us);
    }
  }
}

void Peer::accept_bytes(std::size_t count, std::uint64_t now_us) {
  if (received_bytes_ + count > sent_bytes_) {
    fail(Fault::mismatch, "more bytes came back than were sent", now_us);
    return;
  }
  const std::size_t right = first_difference(stream_, received_bytes_, std::span(shared_.buffer).first(count));
  received_bytes_ += right;
  tally().verified_bytes += right;
  progress_us_ = now_us;
  if (right < count) fail(Fault::mismatch, "the next byte is wrong", now_us);
}

void Peer::on_end(std::uint64_t now_us) {
  if (state_ != State::half_closed) {
    fail(Fault::error, "the server ended the connection", now_us);
  } else if (received_bytes_ < goal_bytes_) {
    fail(Fault::mismatch, "the end came before the last byte", now_us);
  } else {
    ++tally().rounds;
    come_back(now_us, kComeBackUsMin);
  }
}

void Peer::settle(std::uint64_t now_us) {
  if (sent_bytes_ < goal_bytes_ || state_ == State::half_closed) return;
  if (round_.ending == Ending::half_close) {
    ::shutdown(socket_.fd(), SHUT_WR);
    state_ = State::half_closed;
    progress_us_ = now_us;
  } else if (round_.ending == Ending::next_round && received_bytes_ == goal_bytes_) {
    ++tally().rounds;
    begin_round(shared_.winding_down ? kLeave : next_round(behaviour_, shared_.message_bytes_max, random_));
    if (round_.ending == Ending::half_close) settle(now_us);
  }
}

void Peer::end_by_force(std::uint64_t now_us) {
  if (round_.ending == Ending::reset) {
    socket_.reset();
  } else {
    socket_.close();
  }
  ++tally().rounds;
  come_back(now_us, kComeBackUsMin);
}

void Peer::come_back(std::uint64_t now_us, std::uint64_t pause_us_min) {
  socket_.close();
  state_ = shared_.winding_down ? State::done : State::waiting;
  connect_at_us_ = now_us + random_.uniform(pause_us_min, kComeBackUsMax);
  progress_us_ = connect_at_us_;
  end_at_us_ = kNever;
}

void Peer::fail(Fault fault, const std::string& what, std::uint64_t now_us) {
  switch (fault) {
    case Fault::mismatch: ++tally().mismatches; break;
    case Fault::error: ++tally().errors; break;
    case Fault::stall: ++tally().stalls; break;
  }
  shared_.report.explain("connection " + std::to_string(index_) + "." + std::to_string(life_) + " (" +
                         std::string(kBehaviourNames[static_cast<std::size_t>(behaviour_)]) + "): " + what + "; sent " +
                         std::to_string(sent_bytes_) + " of " + std::to_string(goal_bytes_) + ", verified " +
                         std::to_string(received_bytes_));
  if (socket_.fd() >= 0) socket_.reset();
  come_back(now_us, kAfterFaultUsMin);
}

}  // namespace corering::torture
