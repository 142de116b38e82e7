#include "torture/crowd.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace corering::torture {
namespace {

constexpr std::uint64_t kTurnUsMax = kSecondUs;

constexpr std::uint64_t kWindDownUsMax = 60 * kSecondUs;
constexpr std::size_t kEventsMax = 256;

std::uint64_t steady_now_us() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

[[noreturn]] void refuse(const char* call) {
  std::perror(call);
  std::exit(1);
}

}  // namespace

Crowd::Crowd(Shared& shared, const Options& options)
    : shared_(shared), options_(options), epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), steady_us_(steady_now_us()) {
  if (epoll_fd_ < 0) refuse("echo_torture: epoll_create1");
  for (std::uint32_t index = 0; index < options.connections; ++index) {
    slots_.push_back({.peer = Peer(shared, index)});
    ++living_count_;
    sync(index);
  }
}

Crowd::~Crowd() { ::close(epoll_fd_); }

void Crowd::run() {
  const std::uint64_t end_us = options_.seconds * kSecondUs;
  while (living_count_ > 0 && !shared_.report.hopeless() && now_us_ < end_us + kWindDownUsMax) {
    turn();
    if (now_us_ >= end_us && !shared_.winding_down) begin_to_wind_down();
  }
  if (shared_.report.hopeless()) return;
  for (Slot& slot : slots_) slot.peer.watch(Peer::kNever);  // whoever has not finished by now has stalled
}

void Crowd::turn() {
  wait_for_events();
  fire_wakes();
  if (now_us_ >= next_tick_us_) tick();
}

void Crowd::wait_for_events() {
  const std::uint64_t until_us = std::min(next_tick_us_, wakes_.empty() ? Peer::kNever : wakes_.top().first);
  const std::uint64_t wait_us = until_us > now_us_ ? until_us - now_us_ : 0;
  const timespec timeout{.tv_sec = static_cast<time_t>(wait_us / kSecondUs),
                         .tv_nsec = static_cast<long>(wait_us % kSecondUs * 1'000)};
  std::array<epoll_event, kEventsMax> events;
  const int count = ::epoll_pwait2(epoll_fd_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (count < 0 && errno != EINTR) refuse("echo_torture: epoll_pwait2");
  advance_clock();
  for (int i = 0; i < count; ++i) step(events[static_cast<std::size_t>(i)].data.u32, events[static_cast<std::size_t>(i)].events);
}

void Crowd::fire_wakes() {
  while (!wakes_.empty() && wakes_.top().first <= now_us_) {
    const auto [wake_us, index] = wakes_.top();
    wakes_.pop();
    if (slots_[index].wake_us != wake_us) continue;
    slots_[index].wake_us = Peer::kNever;
    step(index, 0);
  }
}

void Crowd::tick() {
  next_tick_us_ = now_us_ + kSecondUs;
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    slots_[index].peer.watch(now_us_);
    sync(index);
  }
  if (now_us_ < next_progress_us_) return;
  next_progress_us_ = now_us_ + kProgressUs;
  std::printf("echo_torture: %llu s %s\n", static_cast<unsigned long long>(now_us_ / kSecondUs), shared_.report.line().c_str());
  std::fflush(stdout);
}

void Crowd::begin_to_wind_down() {
  shared_.winding_down = true;
  for (std::uint32_t index = 0; index < slots_.size(); ++index) step(index, 0);
}

void Crowd::step(std::uint32_t index, std::uint32_t events) {
  slots_[index].peer.step(events, now_us_);
  sync(index);
}

// Tells epoll and the timer queue what the peer wants now.
void Crowd::sync(std::uint32_t index) {
  Slot& slot = slots_[index];
  const Peer& peer = slot.peer;
  if (peer.done() && std::exchange(slot.counted, false)) --living_count_;
  if (peer.fd() >= 0) {
    epoll_event event{.events = peer.interest(now_us_), .data = {.u32 = index}};
    const bool fresh = slot.life != peer.life();  // closing the old connection has removed it from epoll
    if (fresh || slot.interest != event.events) {
      if (::epoll_ctl(epoll_fd_, fresh ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, peer.fd(), &event) != 0) {
        refuse("echo_torture: epoll_ctl");
      }
      slot.life = peer.life();
      slot.interest = event.events;
    }
  }
  const std::uint64_t wake_us = peer.wake_us(now_us_);
  if (wake_us != slot.wake_us) {
    slot.wake_us = wake_us;
    if (wake_us != Peer::kNever) wakes_.emplace(wake_us, index);
  }
}

void Crowd::advance_clock() {
  const std::uint64_t steady_us = steady_now_us();
  now_us_ += std::min(steady_us - steady_us_, kTurnUsMax);
  steady_us_ = steady_us;
}

}  // namespace corering::torture
