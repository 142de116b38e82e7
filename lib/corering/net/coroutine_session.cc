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

Session* CoroutineSessions::try_open(Connection& connection) { return pool_.try_borrow(connection, handler_); }

void CoroutineSessions::close(Session& session) noexcept { pool_.give_back(static_cast<CoroutineSession&>(session)); }

}  // namespace corering::net
