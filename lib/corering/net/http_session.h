// HttpSession: answers HTTP requests one after the other, out of a function from path to text. For the admin endpoint.
//
// Answers are made whole and leave as the peer takes them; the next request waits until then. A head that does not come to its end
// in time ends the connection, so that nobody keeps one open by sending a letter now and then.
//
// Thread: owning core only. Lifetime: the handler outlives the sessions. Cost: allocates per request; not for a data path.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "corering/mem/object_pool.h"
#include "corering/net/connection.h"
#include "corering/net/http_request.h"
#include "corering/net/session.h"

namespace corering::net {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// The path is without the query. Called on the session's core.
using HttpHandler = std::function<HttpResponse(std::string_view path)>;

class HttpSession final : public Session {
 public:
  static constexpr base::Duration kHeadTimeout =
      std::chrono::seconds(5);               // from the first byte of a request to the end of its head
  static constexpr int kRequestsMax = 1000;  // per connection

  HttpSession(Connection& connection, const HttpHandler& handler) : connection_(connection), handler_(handler) {}
  ~HttpSession() override;

  void on_data(Connection& connection) override;
  void on_drain(Connection& connection) override;
  void on_end(Connection& connection) override;

 private:
  void take_input();
  void serve();
  bool leave();
  void answer(const HttpParse& parse);
  void await_head();
  void on_head_timeout();

  Connection& connection_;
  const HttpHandler& handler_;
  std::string input_;     // a head that is not complete, and what follows an answer that has not left
  std::string output_;    // an answer that has not left
  std::size_t left_ = 0;  // of output_
  int requests_ = 0;
  bool is_last_ = false;    // the connection ends behind output_
  bool has_ended_ = false;  // the peer sends no more
  sched::Timer head_timer_ = sched::Timer::to<&HttpSession::on_head_timeout>(this);
};

class HttpSessions final : public SessionFactory {
 public:
  HttpSessions(HttpHandler handler, std::size_t connections_max)
      : handler_(std::move(handler)), pool_({.live_max = connections_max}) {}

  Session* try_open(Connection& connection) override { return pool_.try_borrow(connection, handler_); }
  void close(Session& session) noexcept override { pool_.give_back(static_cast<HttpSession&>(session)); }

 private:
  const HttpHandler handler_;
  mem::ObjectPool<HttpSession> pool_;
};

}  // namespace corering::net
