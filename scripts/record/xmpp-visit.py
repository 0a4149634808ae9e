"""Logs in to an XMPP server without TLS and leaves again: xmpp-visit.py JID PASSWORD ADDRESS PORT."""
import sys

import slixmpp


class Visit(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self["feature_mechanisms"].unencrypted_plain = True
        self.add_event_handler("session_start", self.leave)

    async def leave(self, _event):
        self.send_presence()
        await self.get_roster()
        self.disconnect(wait=1.0)


visit = Visit(sys.argv[1], sys.argv[2])
visit.connect((sys.argv[3], int(sys.argv[4])), force_starttls=False, disable_starttls=True)
visit.process(forever=False)
