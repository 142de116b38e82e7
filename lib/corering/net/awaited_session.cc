#include "corering/net/awaited_session.h"

namespace corering::net {

void AwaitedSession::on_data(Connection& connection) {
  if (connection.waiter_.waits_for() == Waiter::For::data) connection.waiter_.wake();
}

void AwaitedSession::on_landed(Connection& connection) {
  if (connection.waiter_.waits_for() == Waiter::For::landing) connection.waiter_.wake();
}

void AwaitedSession::on_end(Connection& connection) {
  on_data(connection);
  on_landed(connection);
}

void AwaitedSession::on_drain(Connection& connection) {
  if (connection.waiter_.waits_for() == Waiter::For::room) connection.waiter_.wake();
}

}  // namespace corering::net
