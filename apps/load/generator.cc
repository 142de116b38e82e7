#include "load/generator.h"

#include <algorithm>

#include "corering/ring/operations.h"

namespace load {

namespace base = corering::base;
namespace ring = corering::ring;

namespace {

constexpr base::Duration kTick = std::chrono::milliseconds(5);  // between two looks at the schedule and at time-outs
constexpr base::Duration kConnectPatience = std::chrono::seconds(10);
// The clock of an open loop is not asked more often: at high rates several requests leave together, at most this late.
constexpr std::int64_t kPumpGapNs = 20'000;

}  // namespace

Generator::Generator(corering::runtime::Core& core, const Options& options, const Dataset& dataset, const Share& share,
                     Schedule& schedule, Measures& measures)
    : core_(core),
      options_(options),
      dataset_(dataset),
      share_(share),
      schedule_(schedule),
      measures_(measures),
      keys_(options.keys),
      random_(options.seed * 1000 + core.id().value) {
  for (std::uint32_t index = 0; index < share.connections; ++index) clients_.emplace_back(*this, core, options, dataset);
  next_key_ = share.keys_begin;
}

Generator::~Generator() {
  core_.timers().stop(tick_);
  core_.ready().remove(spin_);
}

// All connections at once.
void Generator::start() {
  deadline_ = core_.now() + kConnectPatience;
  for (Client& client : clients_) client.connect();
  core_.timers().start(tick_, core_.now() + kTick);
}

void Generator::drain() {
  draining_ = true;
  phase_ = Phase::done;
  core_.timers().stop(tick_);
  for (Client& client : clients_) client.close();
  if (pump_due_.in_flight() && !pump_cancel_.in_flight()) ring::prepare_cancel(core_.ring().require_sqe(pump_cancel_), pump_due_);
}

bool Generator::is_idle() const {
  return !pump_due_.in_flight() && !pump_cancel_.in_flight() && std::ranges::all_of(clients_, &Client::is_closed);
}

void Generator::on_tick() {
  core_.timers().start(tick_, core_.now() + kTick);
  if (phase_ >= Phase::filling) {
    for (Client& client : clients_) client.give_up_before({core_.now().ns - options_.timeout.count()});
  }
  std::vector<Client*> again;
  again.swap(to_reconnect_);
  for (Client* client : again) client->connect();
  advance();
}

// The steps that wait for something.
void Generator::advance() {
  if (phase_ == Phase::connecting && (open_ == clients_.size() || core_.now() > deadline_)) return begin_filling();
  if (phase_ == Phase::filling) {
    // Requests of connections that broke are not repeated: those keys will be misses.
    if (next_key_ < share_.keys_end || outstanding_ != 0) return;
    phase_ = Phase::waiting;
    schedule_.core_is_ready();
  }
  if (phase_ == Phase::waiting && core_.now() >= schedule_.begin()) return begin_running();
  if (phase_ == Phase::running && has_issued_all()) phase_ = Phase::finishing;
  if (phase_ == Phase::running && core_.now() > schedule_.window_end() + options_.timeout) abandon_backlog();
  if (phase_ == Phase::finishing && outstanding_ == 0) {
    phase_ = Phase::done;
    schedule_.core_is_done();
  }
}

// An open loop whose server did not make up for its delay.
void Generator::abandon_backlog() {
  measures_.unsent.add(static_cast<std::uint64_t>((schedule_.window_end().ns - next_start_ns_) / share_.interval.count() + 1));
  phase_ = Phase::finishing;
}

void Generator::begin_filling() {
  phase_ = Phase::filling;
  for (Client& client : clients_) fill(client);
  advance();
}

void Generator::fill(Client& client) {
  while (client.has_room() && next_key_ < share_.keys_end) {
    send(client, {core_.now().ns, 0, next_key_++, Operation::set});
  }
}

void Generator::begin_running() {
  phase_ = Phase::running;
  next_start_ns_ = schedule_.begin().ns + share_.offset.count();
  for (Client& client : clients_) give_room(client);
  if (options_.pacing == Pacing::closed) return;
  pump();
  if (options_.waiting == Waiting::spin) spin();
}

// A connection may take another request.
void Generator::give_room(Client& client) {
  if (options_.pacing == Pacing::closed) {
    while (client.has_room() && !has_issued_all()) send(client, next_request(core_.now().ns));
    return;
  }
  if (!client.has_room() || client.place != 0) return;
  with_room_.push_back(&client);
  client.place = with_room_.size();  // from 1: 0 is nowhere
}

void Generator::take_room(Client& client) {
  if (client.place == 0) return;
  with_room_.back()->place = client.place;
  with_room_[client.place - 1] = with_room_.back();
  with_room_.pop_back();
  client.place = 0;
}

// Sends what is due. What finds no room keeps its time and waits.
void Generator::pump() {
  while (phase_ == Phase::running && next_start_ns_ <= core_.now().ns && !with_room_.empty()) {
    if (has_issued_all()) break;
    if (next_with_room_ >= with_room_.size()) next_with_room_ = 0;
    Client& client = *with_room_[next_with_room_++];
    send(client, next_request(next_start_ns_));
    if (!client.has_room()) take_room(client);
    next_start_ns_ += share_.interval.count();
  }
  if (options_.waiting == Waiting::sleep) arm_pump();
}

void Generator::spin() {
  pump();
  if (phase_ == Phase::running) core_.ready().push(spin_);
}

void Generator::arm_pump() {
  if (phase_ != Phase::running || pump_due_.in_flight() || has_issued_all()) return;
  // Without room it is a reply that makes the next request possible, and it calls pump.
  if (with_room_.empty()) return;
  const std::int64_t at = std::max(next_start_ns_, core_.now().ns + kPumpGapNs);
  pump_time_ = {at / 1'000'000'000, at % 1'000'000'000};
  ring::Sqe& sqe = core_.ring().require_sqe(pump_due_);
  ring::prepare(sqe, IORING_OP_TIMEOUT, {});
  sqe.addr = reinterpret_cast<std::uint64_t>(&pump_time_);
  sqe.len = 1;
  sqe.timeout_flags = IORING_TIMEOUT_ABS;
}

void Generator::on_pump_due(ring::IoResult) {
  if (!draining_) pump();
}

Request Generator::next_request(std::int64_t start_ns) {
  Request request{start_ns, 0, keys_.next(random_), Operation::echo};
  if (options_.has_keys()) request.operation = random_.fraction() < options_.set_share ? Operation::set : Operation::get;
  if (is_in_window(request)) ++issued_;
  return request;
}

// In an open loop, what was due within the window is sent even when the window has closed.
bool Generator::has_issued_all() const noexcept {
  if (share_.requests != 0 && issued_ >= share_.requests) return true;
  const std::int64_t next_ns = options_.pacing == Pacing::open ? next_start_ns_ : core_.now().ns;
  return next_ns >= schedule_.window_end().ns;
}

bool Generator::is_in_window(const Request& request) const noexcept {
  return request.start_ns >= schedule_.window_begin().ns && request.start_ns < schedule_.window_end().ns;
}

void Generator::send(Client& client, const Request& request) {
  ++outstanding_;
  client.issue(request);
}

void Generator::on_open(Client& client) {
  ++open_;
  if (phase_ == Phase::connecting) return advance();
  if (phase_ == Phase::filling) return fill(client);
  if (phase_ == Phase::running) refill(client);
}

void Generator::refill(Client& client) {
  give_room(client);
  if (options_.pacing == Pacing::open) pump();
}

void Generator::on_not_open(Client& client, std::size_t lost_requests) {
  --open_;
  outstanding_ -= lost_requests;
  take_room(client);
  if (!draining_) measures_.lost.add(lost_requests);
}

// A connection that has done its share comes back at once, one that broke after a pause.
void Generator::on_closed(Client& client) {
  if (draining_ || phase_ >= Phase::finishing) return;
  if (client.is_retiring()) return client.connect();
  to_reconnect_.push_back(&client);
}

void Generator::on_connect_failed(int error) {
  measures_.connect_failures.add();
  schedule_.note_connect_error(error);
}

void Generator::on_timed_out(std::size_t requests) {
  outstanding_ -= requests;
  measures_.timed_out.add(requests);
}

void Generator::on_reply(Client& client, const Request& request, Verdict verdict) {
  --outstanding_;
  measures_.replies.add();
  if (is_in_window(request)) {
    auto& histogram = request.operation == Operation::set ? measures_.set_ns : measures_.get_ns;
    histogram.record(static_cast<std::uint64_t>(std::max<std::int64_t>(core_.now().ns - request.start_ns, 0)));
  }
  count(verdict);
  if (phase_ == Phase::filling) fill(client);
  if (phase_ == Phase::running) refill(client);
  if (outstanding_ == 0) advance();
}

void Generator::count(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::miss: measures_.misses.add(); break;
    case Verdict::error_reply: measures_.error_replies.add(); break;
    case Verdict::wrong_value: measures_.wrong_values.add(); break;
    case Verdict::malformed: measures_.malformed.add(); break;
    default: break;
  }
}

}  // namespace load
