#include "corering/net/coroutine_session.h"

namespace corering::net {

void CoroutineSession::on_open(Connection& connection) {
  connection.hold();  // the coroutine refers to it
  task_.start(&CoroutineSession::on_returned, this);
}

void CoroutineSession::on_returned(void* self) {
  Connection& connection = static_cast<CoroutineSession*>(self)->connection_;
  connection.finish();
  connection.unhold();
}

Session& CoroutineSessions::open(Connection& connection) {
  CoroutineSession* session = pool_.try_borrow(connection, handler_);
  CORERING_ASSERT(session != nullptr, "there are more sessions than connections");
  return *session;
}

void CoroutineSessions::close(Session& session) noexcept { pool_.give_back(static_cast<CoroutineSession&>(session)); }

}  // namespace corering::net
