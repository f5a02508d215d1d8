/** Edits of a result's people, and the setting of the account. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { explain } from "@/api/errors";
import { useToast } from "@/design/toast";
import type { Detail } from "@/features/analyses/queries";

import { editsOf, NO_EDITS, reverted, type PeopleEdits } from "./edits";

const SETTING = ["account", "people"];

/** Query whether the account has people told apart. */
export function usePeopleSetting({ enabled = true } = {}) {
  return useQuery({
    queryKey: SETTING,
    enabled,
    queryFn: async ({ signal }) => (await unwrap(api.GET("/account/people", { signal }))).lawfulBasisConfirmed,
  });
}

/** Mutation that turns the setting on, with the owner's confirmation, or off. */
export function useChangePeopleSetting() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (lawfulBasisConfirmed: boolean) =>
      unwrap(api.PUT("/account/people", { body: { lawfulBasisConfirmed } })),
    onSuccess: (people) => queries.setQueryData(SETTING, people.lawfulBasisConfirmed),
  });
}

export type EditPeople = (change: (edits: PeopleEdits) => PeopleEdits, done: string) => void;

/** Return a function that changes an analysis's edits optimistically, says so and offers to undo it. */
export function useEditPeople(id: string): EditPeople {
  const queries = useQueryClient();
  const toast = useToast();
  const key = ["analysis", id];
  const { mutateAsync } = useMutation({
    scope: { id: `people ${id}` }, // one request after the other, as each replaces all edits
    mutationFn: ({ names, merged }: PeopleEdits) =>
      unwrap(api.PUT("/analyses/{id}/people", { params: { path: { id } }, body: { names, merged } })),
  });
  const current = () => {
    const detail = queries.getQueryData<Detail>(key);
    return detail ? editsOf(detail) : NO_EDITS;
  };
  const store = async (edits: PeopleEdits) => {
    queries.setQueryData<Detail>(key, (detail) => detail && { ...detail, peopleEdits: edits });
    try {
      await mutateAsync(edits);
      return true;
    } catch (error) {
      toast(explain(error));
      await queries.invalidateQueries({ queryKey: key }); // shows what is stored
      return false;
    }
  };
  return (change, done) => {
    const before = current();
    const after = change(before);
    const undo = () => void store(reverted(current(), before, after));
    void store(after).then((stored) => stored && toast(done, { label: "Undo", run: undo }));
  };
}
